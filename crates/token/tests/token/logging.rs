//! What a refusal leaves in the log: its reason, and nothing of the token.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::sync::Once;

use secrecy::SecretString;
use token::{Refusal, SigningKey, VerifyingKey};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::fixtures::{House, invalid, missing};

/// Writes every event as one line of text into [`LOG`].
struct Log;

thread_local! {
    /// What this test's thread has logged.
    static LOG: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").expect("a string");
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        LOG.with_borrow_mut(|log| {
            log.push_str(event.metadata().level().as_str());
            event.record(&mut Line(log));
            log.push('\n');
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What is logged while `act` runs.
fn logged(act: impl FnOnce()) -> String {
    static INSTALL: Once = Once::new();
    // For the whole process: a subscriber for one thread loses events that other threads have met without one.
    INSTALL.call_once(|| tracing::subscriber::set_global_default(Log).expect("the first one"));
    LOG.take();
    act();
    LOG.take()
}

#[test]
fn a_refusal_is_logged_with_its_exact_reason() {
    let house = House::new();
    let token = house.with_claim("iss", "other".into());
    let log = logged(|| house.assert_refused(&token, Refusal::Issuer));
    assert_eq!(log, "INFO message=token refused: the token is of another issuer reason=\"issuer\"\n");
}

#[test]
fn a_refusal_of_claims_names_the_claim_that_is_missing_or_wrong_and_not_its_value() {
    let house = House::new();
    let line = |token: &str, refusal| logged(|| house.assert_refused(token, refusal));
    let log = line(&house.without_claim("jti"), missing("jti"));
    assert_eq!(log, "INFO message=token refused: the token's claims have no jti reason=\"claims\" claim=\"jti\"\n");
    let log = line(&house.with_claim("exp", "telltale".into()), invalid("exp"));
    let words = "the token's claims contain exp in a wrong type or form";
    assert_eq!(log, format!("INFO message=token refused: {words} reason=\"claims\" claim=\"exp\"\n"));
}

#[test]
fn no_part_of_a_token_is_logged_and_nothing_at_all_of_a_good_one() {
    let house = House::new();
    let good = house.token();
    assert_eq!(logged(|| house.assert_accepted(&good)), "");
    let bad = house.with_claim("aud", "a-telltale-audience".into());
    let log = logged(|| {
        house.assert_refused(&bad, Refusal::Audience);
        house.assert_refused(&format!("{good}x"), Refusal::Malformed);
    });
    assert_eq!(log.lines().count(), 2);
    for part in good.split('.').chain(bad.split('.')).chain(["telltale"]) {
        assert!(!log.contains(part), "{log}");
    }
}

#[test]
fn classic_mode_is_warned_of_with_what_is_weak_and_without_the_secret() {
    let classic = "WARN message=classic mode: whoever knows the secret can make tokens algorithm=\"HS256\"\n";
    let weak = "WARN message=the shared secret is shorter than 32 bytes\n";
    let secret = |text: &str| SecretString::from(text);
    let verifying = VerifyingKey::shared_secret(&secret("telltale")).expect("a key");
    assert_eq!(logged(|| verifying.warn_of_classic_mode()), format!("{classic}{weak}"));
    let strong = SigningKey::shared_secret(secret("a telltale secret that is long enough")).expect("a key");
    assert_eq!(logged(|| strong.warn_of_classic_mode()), classic);
    assert_eq!(logged(|| SigningKey::generate().expect("a key").warn_of_classic_mode()), "", "nothing is shared");
}

//! auth hangs while strangers send requests that need it (fault 29): nobody else notices.
use e2e::{Jws, LONG, Program, Signal, Suite, Test, eventually};
use tokio::task::JoinHandle;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![fault_29_tokens_with_unknown_keys_harm_nobody_else]
}

const STRANGERS: usize = 40;
/// Those that hello lets wait for the key set until the fetch is given up.
const PATIENT: usize = 4;

/// Of the key set, until now.
async fn failed_fetches(suite: &mut Suite) -> u64 {
    let metrics = suite.health(Program::Hello).await.get("/metrics").send(200).await.body;
    let count = metrics.lines().find_map(|line| line.strip_prefix(r#"jwks_fetches_total{outcome="failed"} "#));
    count.expect("the counter").parse().expect("a number")
}

/// The frontend has room for fewer requests than there are strangers. hello gives the fetch up after 5 s: that no fetch has
/// failed yet says that nobody had to wait for that.
async fn fault_29_tokens_with_unknown_keys_harm_nobody_else() {
    let mut suite = Suite::split_with(|launch| match launch.program() {
        Program::Frontend => launch.set("UPSTREAM_REQUESTS", "16"),
        _ => launch,
    })
    .await;
    let holder = suite.token_holder().await;
    let before = failed_fetches(&mut suite).await;
    suite.process(Program::Auth).signal(Signal::STOP);
    let strangers: Vec<JoinHandle<_>> = (0..STRANGERS)
        .map(|number| {
            let forged = Jws::parse(holder.token()).with_header("kid", format!("unknown-{number}")).compact();
            let stranger = holder.holding(forged);
            tokio::spawn(async move { stranger.secure(401).await })
        })
        .collect();
    eventually("nearly all strangers are refused", LONG, async || {
        let refused = strangers.iter().filter(|stranger| stranger.is_finished()).count();
        (refused >= STRANGERS - PATIENT).then_some(())
    })
    .await;
    holder.greeting(200).await;
    holder.who_am_i(200).await;
    holder.secure(200).await;
    assert_eq!(failed_fetches(&mut suite).await, before, "somebody waited until the fetch was given up");
    suite.process(Program::Auth).signal(Signal::CONT);
    for stranger in strangers {
        stranger.await.expect("refused in the end");
    }
}

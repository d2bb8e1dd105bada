//! What a token costs: issuing, judging, recognising, refusing. `cargo bench -p token`.

use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use secrecy::SecretString;
use token::{Issuer, KeySet, Policy, SigningKey, StaticKeys, Subject, Verifier};

struct House {
    issuer: Issuer,
    subject: Subject,
    verifier: Verifier,
    token: String,
}

fn house(key: SigningKey) -> House {
    let policy = Policy::new("auth.service", "hello.service", key.algorithm());
    let keys = KeySet::new(vec![key.verifying_key()]).expect("one key");
    let verifier = Verifier::new(Arc::new(StaticKeys::new(keys)), policy).expect("the policy is in order");
    let ttl = Duration::from_mins(15);
    let issuer =
        Issuer::new(key, "auth.service".into(), "hello.service".into(), ttl).expect("the settings are in order");
    let subject = Subject { sub: "user".into(), email: Some("user@example.com".into()), roles: vec![] };
    let token = issuer.issue(&subject, now()).expect("issues").token;
    House { issuer, subject, verifier, token }
}

fn eddsa() -> House {
    house(SigningKey::generate().expect("randomness"))
}

fn classic() -> House {
    let secret = SecretString::from("a secret of more than 32 bytes, for benches only");
    house(SigningKey::shared_secret(secret).expect("not empty"))
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)
}

/// Polls once: keys held in the process need no waiting, and no runtime is measured.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("keys held in the process need no waiting"),
    }
}

fn issue(c: &mut Criterion) {
    let mut group = c.benchmark_group("issue");
    for (name, house) in [("eddsa", eddsa()), ("hs256", classic())] {
        group.throughput(Throughput::Elements(1));
        group.bench_function(name, |b| {
            b.iter(|| house.issuer.issue(black_box(&house.subject), now()));
        });
    }
    group.finish();
}

fn verify(c: &mut Criterion) {
    let mut group = c.benchmark_group("verify");
    for (name, house) in [("eddsa", eddsa()), ("hs256", classic())] {
        let verifier = house.verifier.without_cache();
        group.throughput(Throughput::Elements(1));
        group.bench_function(name, |b| {
            b.iter(|| at_once(verifier.verify(black_box(&house.token), now())).expect("good"));
        });
    }
    group.finish();
}

fn verify_cached(c: &mut Criterion) {
    let house = eddsa();
    let mut group = c.benchmark_group("verify cached");
    group.throughput(Throughput::Elements(1));
    group.bench_function("eddsa", |b| {
        b.iter(|| at_once(house.verifier.verify(black_box(&house.token), now())).expect("good"));
    });
    group.finish();
}

fn refuse(c: &mut Criterion) {
    let house = eddsa();
    let unsigned = house.token.rsplit_once('.').expect("three parts").0;
    let signature_of_another = eddsa().token;
    let (_, signature) = signature_of_another.rsplit_once('.').expect("three parts");
    let mut group = c.benchmark_group("refuse");
    for (name, token) in [
        ("no token at all", "garbage".to_owned()),
        ("8 KiB of dots", ".".repeat(8_192)),
        ("too large", "x".repeat(100_000)),
        ("another algorithm", classic().token.clone()),
        ("another signature", format!("{unsigned}.{signature}")),
        ("8 KiB of header", oversized_header()),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| at_once(house.verifier.verify(black_box(&token), now())).expect_err("bad"));
        });
    }
    group.finish();
}

/// The most work that a stranger without a key can cause: a header full of distinct members.
fn oversized_header() -> String {
    use base64::Engine as _;
    let members: Vec<_> = (0..600).map(|n| format!("\"{n:x}\":0")).collect();
    let header = format!("{{{}}}", members.join(","));
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header);
    assert!(header.len() < 8_000, "{} is too long", header.len());
    format!("{header}.e30.AAAA")
}

criterion_group!(benches, issue, verify, verify_cached, refuse);
criterion_main!(benches);

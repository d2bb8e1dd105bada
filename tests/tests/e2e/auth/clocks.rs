//! Row 35 of the fault matrix: the clock was ahead at the first start, or jumps while the services run.
use std::{fs, path::Path};

use e2e::{Client, Database, LONG, Launch, Process, Program, Suite, Test, environment, eventually, skips};
use serde_json::Value;

use super::on_both;

pub(crate) fn tests() -> Vec<Test> {
    let tests = on_both![
        fault_35_a_clock_a_day_ahead_at_the_first_start_leaves_a_key_that_signs,
        fault_35_a_clock_that_jumps_is_logged_and_shown_and_a_key_signs,
    ];
    tests.into_iter().map(|test| test.needing(&skips::FAKETIME)).collect()
}

const DAY: u64 = 24 * 60 * 60;

/// The process reads its time of day from libfaketime. Time that passes is left alone.
fn under_faketime(launch: Launch) -> Launch {
    let library = skips::faketime().expect("libfaketime");
    launch.env("LD_PRELOAD", library).env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1")
}

/// A busy disk may be slow. That is not what these tests are about.
fn patient(launch: Launch) -> Launch {
    if launch.program() == Program::Auth { launch.set("DATABASE_TIMEOUT", "10s") } else { launch }
}

fn aged(launch: Launch) -> Launch {
    let launch = patient(launch);
    if launch.program() == Program::Auth { launch.set("JWKS_MAX_AGE", "6s") } else { launch }
}

/// The value of a metric, if it is there.
async fn metric(process: &mut Process, name: &str) -> Option<f64> {
    let text = process.health().await.get("/metrics").send(200).await.body;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

async fn signing_kid(client: &Client) -> Value {
    e2e::Jws::parse(client.logged_in().await.token()).header["kid"].clone()
}

async fn fault_35_a_clock_a_day_ahead_at_the_first_start_leaves_a_key_that_signs(database: Database) {
    let store = database.fresh().await;
    let ahead = under_faketime(aged(store.auth())).env("FAKETIME", "+1d");
    let mut ahead = ahead.ready().await;
    ahead.client().await.logged_in().await;
    let shown = ahead.event("serving").await["timestamp"].to_string();
    drop(ahead);

    let mut suite = Suite::split_with(|launch| aged(store.under(launch))).await;
    let now = suite.process(Program::Auth).event("serving").await["timestamp"].to_string();
    assert!(shown[..11] > now[..11], "libfaketime has no effect on this executable: {shown}");
    let client = suite.anonymous();
    let old = client.logged_in().await;
    old.secure(200).await;
    let seconds = metric(suite.process(Program::Auth), "signing_key_ahead_seconds").await.expect("a metric");
    let whole_day = f64::from(u32::try_from(DAY).expect("small"));
    assert!(seconds > whole_day - 3600.0 && seconds <= whole_day, "{seconds}");
    let warning = "the signing key is of a time to come: the clock was ahead when it was made";
    assert_eq!(suite.process(Program::Auth).event(warning).await["level"], "WARN");

    // A rotation is the usual one: the key that signs goes on until every verifier can have seen the next one.
    let before = signing_kid(&client).await;
    aged(store.command(["key", "rotate"])).run().await.expect(0);
    eventually("the next key is published", LONG, async || {
        let set = client.key_set(200).await.json();
        (set["keys"].as_array().map(Vec::len) == Some(2)).then_some(())
    })
    .await;
    assert_eq!(signing_kid(&client).await, before, "nobody may have seen the new key yet");
    eventually("the next key signs", LONG, async || {
        old.secure(200).await;
        client.logged_in().await.secure(200).await;
        (signing_kid(&client).await != before).then_some(())
    })
    .await;
    assert_eq!(metric(suite.process(Program::Auth), "signing_key_ahead_seconds").await, Some(0.0));
}

/// Sets the clock of every process that reads this file.
fn set(file: &Path, offset: &str) {
    let new = file.with_extension("new");
    fs::write(&new, offset).expect("written");
    // In one step: a process may read at any time.
    fs::rename(new, file).expect("renamed");
}

async fn jumped(suite: &mut Suite, direction: &str) {
    for program in [Program::Auth, Program::Hello] {
        let name = format!("clock_jumps_total{{direction=\"{direction}\"}}");
        eventually("the jump is counted", LONG, async || {
            (metric(suite.process(program), &name).await == Some(1.0)).then_some(())
        })
        .await;
    }
}

async fn fault_35_a_clock_that_jumps_is_logged_and_shown_and_a_key_signs(database: Database) {
    let store = database.fresh().await;
    let directory = environment::temporary_directory();
    let file = directory.path().join("faketime");
    set(&file, "+0");
    let moved = |launch: Launch| {
        under_faketime(patient(store.under(launch))).env("FAKETIME_TIMESTAMP_FILE", &file).env("FAKETIME_NO_CACHE", "1")
    };
    let mut suite = Suite::split_with(moved).await;
    let client = suite.anonymous();
    let before = client.logged_in().await;
    before.secure(200).await;

    set(&file, "+1d");
    before.secure(401).await;
    let meanwhile = client.logged_in().await;
    meanwhile.secure(200).await;
    jumped(&mut suite, "ahead").await;

    set(&file, "+0");
    meanwhile.secure(401).await;
    before.secure(200).await;
    client.logged_in().await.secure(200).await;
    jumped(&mut suite, "back").await;
    for program in [Program::Auth, Program::Hello] {
        let event = suite.process(program).event("the clock jumped: it was set, or the machine was suspended").await;
        let seconds = event["seconds"].as_u64().expect("a number");
        assert!((DAY - 60..=DAY + 60).contains(&seconds), "{event}");
        let offset = metric(suite.process(program), "clock_offset_seconds").await.expect("a metric");
        assert!(offset.abs() < 2.0, "{offset}");
    }
}

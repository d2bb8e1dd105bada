//! Row 32 of the fault matrix: strangers guess the password of an account, and its owner logs in all the same.
use std::time::Duration;

use e2e::{
    Answer, Client, Database, LONG, Process, Program, Store, Suite, Test,
    client::{PASSWORD, USER},
    eventually,
};

use super::on_both;

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = e2e::tests![fault_32_a_guesser_at_the_edge_does_not_keep_the_owner_out];
    tests.extend(on_both![
        fault_32_one_client_that_guesses_does_not_keep_the_owner_out,
        fault_32_a_success_of_the_owner_does_not_help_a_guesser,
        fault_32_guesses_of_many_clients_are_slowed_down_together,
        fault_32_a_crowd_that_guesses_holds_up_no_client_that_the_owner_has_used,
        fault_32_a_crowd_that_guesses_holds_up_the_owner_elsewhere_for_a_moment_only,
    ]);
    tests
}

const FORWARDED: &str = "x-forwarded-for";
const GUESSER: &str = "203.0.113.1";
const OWNER: &str = "198.51.100.7";
const WRONG: &str = "not the password";

/// auth behind a proxy, which the test is: it names the clients.
async fn auth(store: &Store) -> (Process, Client) {
    let mut auth = store.auth().set("TRUSTED_PROXIES", "127.0.0.1").ready().await;
    let client = auth.client().await;
    (auth, client)
}

async fn login(proxy: &Client, from: &str, password: &str) -> Answer {
    let login = proxy.get("/login").basic(USER, password).header(FORWARDED, from);
    login.try_send().await.expect("an answer")
}

/// Guesses until it has to wait for several seconds.
async fn guess_until_limited(proxy: &Client, from: &str) {
    eventually("the guesser is limited", LONG, async || {
        let answer = login(proxy, from, WRONG).await;
        (answer.status == 429 && answer.retry_after() >= 4).then_some(())
    })
    .await;
}

/// One failure of each of these clients: how many of them were tried at all.
async fn guess_from(proxy: &Client, clients: std::ops::Range<usize>) -> usize {
    let mut tried = 0;
    for number in clients {
        let answer = login(proxy, &format!("192.0.2.{number}"), WRONG).await;
        match answer.status {
            401 => tried += 1,
            429 => assert!((1..=60).contains(&answer.retry_after()), "{answer:?}"),
            _ => panic!("{answer:?}"),
        }
    }
    tried
}

async fn fault_32_one_client_that_guesses_does_not_keep_the_owner_out(database: Database) {
    let store = database.fresh().await;
    let (_auth, proxy) = auth(&store).await;
    guess_until_limited(&proxy, GUESSER).await;
    for round in 0..20 {
        login(&proxy, GUESSER, WRONG).await;
        let owner = login(&proxy, OWNER, PASSWORD).await;
        assert_eq!(owner.status, 200, "round {round}: {owner:?}");
        let elsewhere = login(&proxy, &format!("2001:db8:0:{round}::1"), PASSWORD).await;
        assert_eq!(elsewhere.status, 200, "round {round}: {elsewhere:?}");
    }
}

/// The right password does not help a client that is limited either, or the limit would confirm a guess.
async fn fault_32_a_success_of_the_owner_does_not_help_a_guesser(database: Database) {
    let store = database.fresh().await;
    let (_auth, proxy) = auth(&store).await;
    guess_until_limited(&proxy, GUESSER).await;
    assert_eq!(login(&proxy, OWNER, PASSWORD).await.status, 200);
    assert_eq!(login(&proxy, GUESSER, WRONG).await.status, 429);
    assert_eq!(login(&proxy, GUESSER, PASSWORD).await.status, 429);
}

async fn fault_32_guesses_of_many_clients_are_slowed_down_together(database: Database) {
    const CLIENTS: usize = 60;
    let store = database.fresh().await;
    let mut replicas = [auth(&store).await, auth(&store).await];
    let tried = guess_from(&replicas[0].1, 1..CLIENTS).await + guess_from(&replicas[1].1, 1..CLIENTS).await;
    // Without a limit by account it would be all of them, twice.
    assert!((5..=20).contains(&tried), "{tried} guesses of {} were looked at", 2 * CLIENTS);
    let throttled = replicas[1].0.event("login throttled").await;
    assert_eq!(throttled["target"], "audit", "{throttled}");
}

async fn fault_32_a_crowd_that_guesses_holds_up_no_client_that_the_owner_has_used(database: Database) {
    let store = database.fresh().await;
    let (_auth, proxy) = auth(&store).await;
    assert_eq!(login(&proxy, OWNER, PASSWORD).await.status, 200);
    for round in 0..5 {
        guess_from(&proxy, 1..40).await;
        let owner = login(&proxy, OWNER, PASSWORD).await;
        assert_eq!(owner.status, 200, "round {round}: {owner:?}");
    }
}

async fn fault_32_a_crowd_that_guesses_holds_up_the_owner_elsewhere_for_a_moment_only(database: Database) {
    let store = database.fresh().await;
    let (_auth, proxy) = auth(&store).await;
    assert_eq!(guess_from(&proxy, 1..7).await, 5, "the sixth client has to wait before its first guess");
    let first = login(&proxy, OWNER, PASSWORD).await;
    assert!(first.status == 429 && first.retry_after() <= 5, "{first:?}");
    eventually("the owner gets in while others guess", Duration::from_secs(20), async || {
        guess_from(&proxy, 1..7).await;
        (login(&proxy, OWNER, PASSWORD).await.status == 200).then_some(())
    })
    .await;
    // From now on the account knows this client.
    guess_from(&proxy, 1..40).await;
    assert_eq!(login(&proxy, OWNER, PASSWORD).await.status, 200);
}

/// Both hops trust the proxy in front of them, as the overlays of staging and production do.
async fn fault_32_a_guesser_at_the_edge_does_not_keep_the_owner_out() {
    let suite = Suite::split_with(|launch| match launch.program() {
        Program::Auth | Program::Frontend => launch.set("TRUSTED_PROXIES", "127.0.0.0/8,10.0.0.0/8"),
        _ => launch,
    })
    .await;
    let ingress = suite.anonymous();
    guess_until_limited(&ingress, GUESSER).await;
    for _ in 0..10 {
        login(&ingress, GUESSER, WRONG).await;
        assert_eq!(login(&ingress, OWNER, PASSWORD).await.status, 200);
    }
    assert_eq!(login(&ingress, GUESSER, PASSWORD).await.status, 429);
}

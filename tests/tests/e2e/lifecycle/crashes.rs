//! Killed without warning, again and again (fault 14): the next start finds everything that was acknowledged.
use std::time::Duration;

use e2e::{Client, Jws, LONG, Launch, Process, Program, Signal, Test};
use tokio::{task::JoinSet, time::sleep};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        killed_in_the_middle_of_logins_it_starts_again_as_it_was,
        killed_in_the_middle_of_its_first_start_it_starts_again,
    ]
}

const ROUNDS: u64 = 20;

fn clients_logging_in(client: &Client) -> JoinSet<()> {
    let ask = |client: Client| async move {
        while client.get("/login").basic("user", "password").try_send().await.is_some() {}
    };
    (0..4).map(|_| ask(client.clone())).collect()
}

async fn kill(mut process: Process) {
    process.signal(Signal::KILL);
    process.wait_exit(LONG).await;
}

async fn killed_in_the_middle_of_logins_it_starts_again_as_it_was() {
    let mut auth = Launch::service(Program::Auth).ready().await;
    let home = auth.home();
    let keys = auth.client().await.key_set(200).await.json();
    for round in 0..ROUNDS {
        let clients = clients_logging_in(&auth.client().await);
        // Every round at another moment.
        sleep(Duration::from_millis(2 * round)).await;
        kill(auth).await;
        clients.join_all().await;
        auth = Launch::service(Program::Auth).home(home.clone()).ready().await;
        assert_eq!(auth.client().await.key_set(200).await.json(), keys, "round {round}");
    }
    let token = auth.client().await.logged_in().await.token().to_owned();
    assert_eq!(Jws::parse(&token).header["kid"], keys["keys"][0]["kid"]);
}

async fn killed_in_the_middle_of_its_first_start_it_starts_again() {
    for round in 0..ROUNDS {
        let first = Launch::service(Program::Auth).spawn();
        let home = first.home();
        // From before the directory is made to after the account is.
        sleep(Duration::from_millis(5 * round)).await;
        kill(first).await;
        let mut second = Launch::service(Program::Auth).home(home).ready().await;
        second.client().await.logged_in().await;
    }
}

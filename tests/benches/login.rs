//! What a login and a refresh cost: `cargo bench -p e2e --bench login`.
//!
//! 1. Logins a second against the bare argon2id rate with the same parameters, alternating rounds, both on one core.
//! 2. `/healthz` while 64 logins are in flight.
//! 3. Login and refresh with 10², 10⁴ and 10⁶ accounts (or as many as `-- 100 1000` says), on SQLite and, where there is
//!    one, on PostgreSQL.
//!
//! auth's largest resident set stands beside each.
#![expect(clippy::print_stdout, reason = "tables for a person")]

use std::{
    fmt::Write as _,
    io::Write as _,
    process::{Command, Stdio},
    time::Duration,
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use e2e::{Client, Database, Process, Store, skips};
use serde_json::{Value, json};
use tokio::time::Instant;

const RAW: &str = "--bare-argon2id";
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
const CLIENTS: usize = 16;
const IN_FLIGHT: usize = 64;
const SAMPLES: usize = 200;
/// Everybody's password in the large databases, and its hash, with the service's default parameters.
const PASSWORD: &str = "correct horse battery";

fn main() {
    if std::env::args().any(|argument| argument == RAW) {
        println!("{}", bare_rate());
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("threads").block_on(async {
        throughput().await;
        health().await;
        for database in Database::ALL {
            if matches!(database, Database::Postgres) && !skips::POSTGRES.is_here() {
                println!("\npostgres left out: {}", skips::POSTGRES.hint);
                continue;
            }
            sizes(database).await;
        }
    });
}

/// Hashings a second in one reused buffer, as auth does them: 3 MiB, 12 passes.
fn bare_rate() -> f64 {
    let params = Params::new(3072, 12, 1, None).expect("parameters");
    let mut buffer = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (started, mut done, mut output) = (Instant::now(), 0_u32, [0; 32]);
    while started.elapsed() < ROUND {
        argon2
            .hash_password_into_with_memory(b"password", b"0123456789abcdef", &mut output, &mut buffer[..])
            .expect("a hash");
        done += 1;
    }
    f64::from(done) / started.elapsed().as_secs_f64()
}

/// On core 0, where that can be said; the client is wherever the system puts it.
fn bare_round() -> f64 {
    let this = std::env::current_exe().expect("this file");
    let mut command = if has_taskset() {
        let mut pinned = Command::new("taskset");
        pinned.args(["-c", "0"]).arg(this);
        pinned
    } else {
        Command::new(this)
    };
    let said = command.arg(RAW).stderr(Stdio::null()).output().expect("it runs").stdout;
    String::from_utf8_lossy(&said).trim().parse().expect("a rate")
}

fn has_taskset() -> bool {
    Command::new("taskset").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

async fn throughput() {
    let mut auth = Database::Sqlite.fresh().await.auth().ready().await;
    if has_taskset() {
        let pinned = Command::new("taskset").args(["-acp", "0", &auth.id().to_string()]).stdout(Stdio::null()).status();
        assert!(pinned.expect("taskset runs").success());
    }
    let client = auth.client().await;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push((bare_round(), logins(&client).await));
        dot();
    }
    let bare = median(rounds.iter().map(|round| round.0).collect());
    let logins = median(rounds.iter().map(|round| round.1).collect());
    let ratio = median(rounds.iter().map(|(bare, logins)| logins / bare).collect());
    println!("\n{CLIENTS} clients, {ROUNDS} alternating rounds of {} s, medians", ROUND.as_secs());
    println!(
        "bare argon2id {bare:>8.1}/s\nlogins        {logins:>8.1}/s   ratio {ratio:.3}   auth {}",
        resident(&auth)
    );
}

/// Logins a second by clients that log in again and again.
async fn logins(client: &Client) -> f64 {
    let (started, end) = (Instant::now(), Instant::now() + ROUND);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let client = client.clone();
        clients.spawn(async move {
            let mut done = 0_u32;
            while Instant::now() < end {
                client.logged_in().await;
                done += 1;
            }
            done
        });
    }
    let done: u32 = clients.join_all().await.into_iter().sum();
    f64::from(done) / started.elapsed().as_secs_f64()
}

async fn health() {
    let mut auth = Database::Sqlite.fresh().await.auth().ready().await;
    let (client, health) = (auth.client().await, auth.health().await);
    let mut flight = tokio::task::JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let client = client.clone();
        flight.spawn(async move {
            loop {
                client.logged_in().await;
            }
        });
    }
    // All of them are in: each has been answered or waits.
    client.logged_in().await;
    let mut took = Vec::new();
    for _ in 0..SAMPLES {
        let started = Instant::now();
        health.liveness(200).await;
        took.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let (median, worst) = (median(took.clone()), took.iter().copied().fold(0.0, f64::max));
    println!(
        "\n/healthz with {IN_FLIGHT} logins in flight, {SAMPLES} probes: median {median:.2} ms, worst {worst:.2} ms   auth {}",
        resident(&auth)
    );
}

async fn sizes(database: Database) {
    println!("\n{}, medians of {SAMPLES} each, one after another", database.name());
    println!("{:>10}{:>14}{:>14}{:>14}", "accounts", "login ms", "refresh ms", "import s");
    for accounts in asked_accounts() {
        let store = database.fresh().await;
        let imported = import(&store, accounts).await;
        let mut auth = store.auth().ready().await;
        let client = auth.client().await;
        let (mut login, mut refresh) = (Vec::new(), Vec::new());
        for sample in 0..SAMPLES {
            let name = format!("user{}", sample * 7919 % accounts);
            let started = Instant::now();
            let pair = client.log_in(&name, PASSWORD, 200).await;
            login.push(started.elapsed().as_secs_f64() * 1e3);
            let token = pair.json()["refresh_token"].clone();
            let started = Instant::now();
            client.request("POST", "/refresh").json(&json!({ "refresh_token": token })).send(200).await;
            refresh.push(started.elapsed().as_secs_f64() * 1e3);
        }
        let (login, refresh) = (median(login), median(refresh));
        println!("{accounts:>10}{login:>14.2}{refresh:>14.2}{imported:>14.1}   auth {}", resident(&auth));
    }
}

fn asked_accounts() -> Vec<usize> {
    let asked: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if asked.is_empty() { vec![100, 10_000, 1_000_000] } else { asked }
}

/// So many accounts, by the command that people have for it: the seconds it took.
async fn import(store: &Store, accounts: usize) -> f64 {
    let hash = hash_of(PASSWORD);
    let file = tempfile::Builder::new().suffix(".jsonl").tempfile().expect("a file");
    let mut lines = String::new();
    for account in 0..accounts {
        let line: Value = json!({"username": format!("user{account}"), "roles": [], "password_hash": hash});
        writeln!(lines, "{line}").expect("memory");
    }
    std::fs::write(file.path(), lines).expect("a file");
    let started = Instant::now();
    store.admin(&format!("user import {}", file.path().display())).await;
    started.elapsed().as_secs_f64()
}

/// As auth hashes, so that no login hashes anew.
fn hash_of(password: &str) -> String {
    let params = Params::new(3072, 12, 1, None).expect("parameters");
    let (salt, mut output) = (b"0123456789abcdef", [0; 32]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(password.as_bytes(), salt, &mut output).expect("a hash");
    format!("$argon2id$v=19$m=3072,t=12,p=1${}${}", STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output))
}

fn resident(process: &Process) -> String {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("VmHWM: unknown");
    format!("VmHWM {}", line.trim_start_matches("VmHWM:").trim())
}

fn dot() {
    print!(".");
    std::io::stdout().flush().expect("a terminal");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

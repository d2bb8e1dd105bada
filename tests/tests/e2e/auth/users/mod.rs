//! Accounts: added, changed, disabled and imported by commands of the same executable, while auth runs.
mod added;
mod changed;
mod disabled;
mod import_refused;
mod imported;

use e2e::{Answer, Client, Database, Process, Store, Test};
use serde_json::Value;

pub(crate) fn tests() -> Vec<Test> {
    let modules = [added::tests(), changed::tests(), disabled::tests(), imported::tests(), import_refused::tests()];
    modules.into_iter().flatten().collect()
}

/// A password that is long enough and that nobody has put on a list.
pub(crate) const PASSWORD: &str = "tangerine ladder quiet";
/// Another one.
const OTHER: &str = "seven slow umbrellas";
/// The first one's hash by another system.
pub(crate) const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuupdccM5CpkHo1H3ttGehuNmPesFGRhxi";

/// A running auth on a database of its own that knows `ann`.
async fn auth_with_ann(database: Database) -> (Store, Process, Client) {
    let store = database.fresh().await;
    store.add_user("ann", PASSWORD, "--email ann@example.com").await;
    let mut auth = store.auth().set("DEMO_USER", "false").ready().await;
    let client = auth.client().await;
    (store, auth, client)
}

/// Every account, as `user list --output json` has it.
async fn rows(store: &Store) -> Vec<Value> {
    store.admin("user list --output json").await.json().as_array().cloned().expect("a list")
}

/// The accounts' names.
pub(crate) async fn listed(store: &Store) -> Vec<String> {
    let name = |row: &Value| row["username"].as_str().expect("a name").to_owned();
    rows(store).await.iter().map(name).collect()
}

/// An account as it is listed.
async fn row(store: &Store, name: &str) -> Value {
    let found = rows(store).await.into_iter().find(|row| row["username"] == name);
    found.unwrap_or_else(|| panic!("{name} is not listed"))
}

/// The hash in the database.
async fn hash(store: &Store, name: &str) -> String {
    let accounts = store.dump("accounts").await;
    let parsed = accounts.iter().map(|row| serde_json::from_str::<Value>(row).expect("JSON"));
    let found = parsed.into_iter().find(|row| row["username"] == name).expect("an account");
    found["password_hash"].as_str().expect("a hash").to_owned()
}

/// A refresh, whatever becomes of it.
async fn refresh(client: &Client, token: &str) -> Answer {
    let body = serde_json::json!({"refresh_token": token});
    client.request("POST", "/refresh").json(&body).try_send().await.expect("an answer")
}

//! What survives: accounts, the signing key, and the care with both.
use std::fs;

use chassis::metrics::Metrics;
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;

use crate::{Auth, state};

#[tokio::test]
async fn a_restart_keeps_the_signing_key_so_earlier_tokens_stay_good() {
    let auth = Auth::start().await;
    let before = auth.published_keys().await;
    assert_eq!(before["keys"].as_array().expect("keys").len(), 1);
    let auth = auth.restarted_with(&[]).await;
    assert_eq!(auth.published_keys().await, before);
}

#[tokio::test]
async fn security_13_only_public_members_are_published() {
    let published = Auth::start().await.published_keys().await;
    let mut members: Vec<_> = published["keys"][0].as_object().expect("a key").keys().cloned().collect();
    members.sort();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
}

#[tokio::test]
async fn replicas_that_start_at_once_end_up_with_one_key() {
    let data = TempDir::new().expect("a directory");
    let starts = (0..4).map(async |_| {
        let state = state(data.path(), &[], &Metrics::default()).await.expect("a start");
        state.ring.jwks(state.clock.now()).keys[0].kid.clone()
    });
    let mut kids = futures_util::future::join_all(starts).await;
    kids.dedup();
    assert_eq!(kids.len(), 1, "{kids:?}");
}

#[tokio::test]
async fn a_stolen_database_without_its_key_gives_no_private_key() {
    let auth = Auth::start().await;
    let other_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let wrong = state(auth.data.path(), &[("AUTH_KEY_ENCRYPTION_KEY", other_key)], &Metrics::default()).await;
    let wrong = wrong.expect_err("refused");
    assert!(wrong.contains("cannot be opened with AUTH_KEY_ENCRYPTION_KEY"), "{wrong}");
    assert!(!wrong.contains(other_key));
}

#[tokio::test]
async fn a_lost_key_file_is_named_instead_of_replaced_in_silence() {
    let auth = Auth::start().await;
    let path = auth.data.path().join("key-encryption.key");
    fs::remove_file(&path).expect("removed");
    let wrong = state(auth.data.path(), &[], &Metrics::default()).await.expect_err("refused");
    assert!(wrong.contains("key-encryption.key"), "{wrong}");
}

#[tokio::test]
async fn fault_2_a_database_that_fails_is_503_with_retry_after_and_heals() {
    let auth = Auth::start().await;
    let url = format!("sqlite://{}", auth.data.path().join("auth.db").display());
    let mut other = SqliteConnection::connect(&url).await.expect("a second connection");
    sqlx::query("ALTER TABLE accounts RENAME TO away").execute(&mut other).await.expect("renamed");
    let answer = auth.login("user", "password").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"));
    sqlx::query("ALTER TABLE away RENAME TO accounts").execute(&mut other).await.expect("renamed back");
    assert_eq!(auth.login("user", "password").await.status, 200);
}

#[tokio::test]
async fn security_29_the_database_holds_no_password_and_no_private_key_in_clear() {
    let auth = Auth::start().await;
    assert_eq!(auth.login("user", "password").await.status, 200);
    for entry in fs::read_dir(auth.data.path()).expect("a directory") {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).expect("readable");
        // The DER of an Ed25519 private key begins so (RFC 8410 section 7).
        let private = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];
        assert!(!bytes.windows(private.len()).any(|window| window == private), "{}", path.display());
        assert!(!bytes.windows(9).any(|window| window == b"\"password"), "{}", path.display());
    }
}

#[tokio::test]
async fn the_database_is_for_its_owner_only_also_in_an_open_directory() {
    use std::os::unix::fs::PermissionsExt as _;
    let data = TempDir::new().expect("a directory");
    fs::set_permissions(data.path(), fs::Permissions::from_mode(0o755)).expect("opened");
    let auth = Auth::start_in(data, &[]).await;
    for entry in fs::read_dir(auth.data.path()).expect("a directory") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("exists").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
}

//! `flotilla certs`, and whether what it makes is believed: by rustls in a handshake, and by openssl's rules.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::flotilla::{Ran, run};
use crate::handshake::Handshake;
use crate::needs;

/// A directory that is not there yet, in one that goes with the test.
struct Place {
    whole: TempDir,
    tls: PathBuf,
}

impl Place {
    fn new() -> Self {
        let whole = tempfile::tempdir().expect("a directory");
        let tls = whole.path().join("tls");
        Self { whole, tls }
    }

    fn beside(&self, name: &str) -> String {
        self.whole.path().join(name).display().to_string()
    }

    fn certs(&self, options: &[&str]) -> Ran {
        let directory = self.tls.display().to_string();
        run(&[&["certs", &directory], options].concat())
    }

    /// Runs it with success.
    fn made(&self, options: &[&str]) -> String {
        let ran = self.certs(options);
        assert_eq!(ran.code, Some(0), "{options:?}: {}", ran.stderr);
        ran.stdout
    }

    /// Runs it without success; what it says.
    fn refused(&self, options: &[&str]) -> String {
        let ran = self.certs(options);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{options:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        ran.stderr
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.tls.join(name)).expect(name)
    }

    fn handshake(&self, host: &str) -> Result<(), String> {
        Handshake::of(&self.tls).reaching(host)
    }
}

fn files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[test]
fn the_directory_holds_what_a_secret_should_and_nothing_else() {
    let place = Place::new();
    let said = place.made(&[]);
    assert_eq!(files(&place.tls), ["ca.pem", "cert.pem", "key.pem"]);
    assert_eq!(files(place.whole.path()), ["tls"], "the CA's key is nowhere");
    assert_eq!(mode(place.tls.join("key.pem")), 0o600);
    assert_eq!(mode(place.tls.join("cert.pem")), 0o644);
    let tls = place.tls.display();
    for part in [
        format!("kubectl create secret generic tls-certs --from-file={tls}\n"),
        format!("curl --cacert {tls}/ca.pem https://localhost:8080/"),
        format!("FRONTEND_TLS_CERT_FILE={tls}/cert.pem FRONTEND_TLS_KEY_FILE={tls}/key.pem "),
        "thrown away".to_owned(),
    ] {
        assert!(said.contains(&part), "{part} is not in {said}");
    }
    assert!(!said.contains("PRIVATE KEY"), "{said}");
}

#[test]
fn whoever_trusts_the_ca_believes_the_server_by_each_of_its_names_and_no_other() {
    let place = Place::new();
    place.made(&["--name", "shop.example.org,192.168.49.2"]);
    for host in [
        "localhost",
        "127.0.0.1",
        "::1",
        "any.example.com",
        "flotilla.test",
        "auth.flotilla.test",
        "shop.example.org",
        "192.168.49.2",
    ] {
        assert_eq!(place.handshake(host), Ok(()), "{host}");
    }
    for host in ["example.com", "a.b.example.com", "example.org", "127.0.0.2"] {
        let refusal = place.handshake(host).expect_err(host);
        assert!(refusal.contains("not valid for name"), "{host}: {refusal}");
    }
}

#[test]
fn the_usual_names_can_be_left_out() {
    let place = Place::new();
    place.made(&["--only-these-names", "--name", "shop.example.org"]);
    assert_eq!(place.handshake("shop.example.org"), Ok(()));
    assert!(place.handshake("localhost").is_err());
}

#[test]
fn another_ca_is_not_believed() {
    let (place, other) = (Place::new(), Place::new());
    place.made(&[]);
    other.made(&[]);
    fs::copy(other.tls.join("ca.pem"), place.tls.join("ca.pem")).expect("copied");
    assert!(place.handshake("localhost").expect_err("refused").contains("UnknownIssuer"));
}

#[test]
fn by_openssls_strict_rules_they_are_a_ca_and_a_server() {
    if !needs::tool("openssl", "by_openssls_strict_rules_they_are_a_ca_and_a_server") {
        return;
    }
    let place = Place::new();
    place.made(&[]);
    let (ca, cert) = (place.tls.join("ca.pem"), place.tls.join("cert.pem"));
    let openssl = |arguments: &[&str], file: &Path| {
        let output = Command::new("openssl").args(arguments).arg(file).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), said)
    };
    let ca_file = ca.display().to_string();
    let verify = ["verify", "-x509_strict", "-CAfile", &ca_file];
    for name in [["-verify_hostname", "localhost"], ["-verify_ip", "::1"], ["-verify_hostname", "a.example.com"]] {
        let (good, said) = openssl(&[&verify[..], &["-purpose", "sslserver"], &name].concat(), &cert);
        assert!(good && said.contains("OK"), "{name:?}: {said}");
    }
    for wrong in [["-purpose", "sslclient"], ["-verify_hostname", "example.org"]] {
        assert!(!openssl(&[&verify[..], &wrong].concat(), &cert).0, "{wrong:?}");
    }
    let text = ["x509", "-noout", "-text", "-in"];
    let holds = |file: &Path, parts: &[&str]| {
        let (_, said) = openssl(&text, file);
        for part in parts {
            assert!(said.contains(part), "{part} is not in {said}");
        }
    };
    holds(&ca, &["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "Subject Key Identifier", "CN = flotilla CA "]);
    holds(&cert, &["CA:FALSE", "TLS Web Server Authentication", "Authority Key Identifier", "prime256v1"]);
}

#[test]
fn what_is_there_is_not_overwritten_unless_that_is_asked_for() {
    let place = Place::new();
    place.made(&[]);
    let before = (place.read("ca.pem"), place.read("key.pem"));
    let refusal = place.refused(&[]);
    for part in ["ca.pem is already there", "--ca-key FILE", "--force"] {
        assert!(refusal.contains(part), "{refusal}");
    }
    assert_eq!((place.read("ca.pem"), place.read("key.pem")), before);
    place.made(&["--force"]);
    assert_ne!(place.read("ca.pem"), before.0);
    assert_ne!(place.read("key.pem"), before.1);
    assert_eq!(place.handshake("localhost"), Ok(()));
    assert_eq!(mode(place.tls.join("key.pem")), 0o600);
}

#[test]
fn half_of_them_is_not_overwritten_either() {
    let place = Place::new();
    fs::create_dir(&place.tls).expect("made");
    fs::write(place.tls.join("key.pem"), "somebody's").expect("written");
    assert!(place.refused(&[]).contains("key.pem is already there"));
    assert_eq!(files(&place.tls), ["key.pem"]);
}

#[test]
fn a_directory_with_other_files_is_refused_for_they_would_get_into_the_secret() {
    let place = Place::new();
    place.made(&[]);
    fs::write(place.tls.join("notes.txt"), "mine").expect("written");
    for options in [[].as_slice(), &["--force"]] {
        let refusal = place.refused(options);
        assert!(refusal.contains("notes.txt") && refusal.contains("Secret"), "{refusal}");
    }
}

#[test]
fn what_cannot_be_a_directory_is_named() {
    let place = Place::new();
    fs::write(&place.tls, "a file").expect("written");
    assert!(place.refused(&[]).contains(&place.tls.display().to_string()));
}

#[test]
fn a_certificate_is_renewed_with_the_cas_key_and_clients_notice_nothing() {
    let place = Place::new();
    let ca_key = place.beside("ca-key.pem");
    let said = place.made(&["--keep-ca-key", &ca_key, "--name", "shop.example.org"]);
    assert!(said.contains(&ca_key), "{said}");
    assert_eq!(mode(&ca_key), 0o600);
    assert_eq!(files(&place.tls), ["ca.pem", "cert.pem", "key.pem"]);
    let before = (place.read("ca.pem"), place.read("cert.pem"), place.read("key.pem"));
    let said = place.made(&["--ca-key", &ca_key, "--name", "new.example.org"]);
    assert!(said.contains("clients need nothing new") && said.contains("kubectl apply"), "{said}");
    assert_eq!(place.read("ca.pem"), before.0);
    assert!(place.read("cert.pem") != before.1 && place.read("key.pem") != before.2);
    for host in ["localhost", "::1", "shop.example.org", "new.example.org"] {
        assert_eq!(place.handshake(host), Ok(()), "{host}: the names stay, and may become more");
    }
    place.made(&["--ca-key", &ca_key, "--name", "new.example.org", "--only-these-names"]);
    assert!(place.handshake("localhost").is_err());
}

#[test]
fn one_ca_can_sign_for_several_directories() {
    let (place, other) = (Place::new(), Place::new());
    let ca_key = place.beside("ca-key.pem");
    place.made(&["--keep-ca-key", &ca_key]);
    assert!(other.refused(&["--ca-key", &ca_key]).contains("ca.pem"));
    fs::copy(place.tls.join("ca.pem"), other.tls.join("ca.pem")).expect("copied");
    other.made(&["--ca-key", &ca_key]);
    assert_eq!(other.handshake("localhost"), Ok(()));
    assert_ne!(other.read("key.pem"), place.read("key.pem"));
}

#[test]
fn the_cas_key_has_to_be_kept_elsewhere_and_overwrites_nothing() {
    let place = Place::new();
    let within = place.tls.join("ca-key.pem").display().to_string();
    assert!(place.refused(&["--keep-ca-key", &within]).contains("would get into the Secret"));
    let taken = place.beside("taken");
    fs::write(&taken, "mine").expect("written");
    assert!(place.refused(&["--keep-ca-key", &taken]).contains("is already there"));
    assert_eq!(fs::read_to_string(&taken).expect("there"), "mine");
    assert!(place.refused(&["--keep-ca-key", &place.beside("no/such/place")]).contains("no/such/place"));
    assert_eq!(files(&place.tls), [""; 0], "nothing is half done");
}

#[test]
fn a_key_that_is_not_the_cas_is_refused() {
    let place = Place::new();
    place.made(&["--keep-ca-key", &place.beside("ca-key.pem")]);
    let before = place.read("cert.pem");
    let other = Place::new();
    other.made(&["--keep-ca-key", &other.beside("ca-key.pem")]);
    fs::write(place.beside("garbage"), "garbage").expect("written");
    for (key, why) in [
        (other.beside("ca-key.pem"), "ca.pem has another key"),
        (place.tls.join("key.pem").display().to_string(), "ca.pem has another key"),
        (place.beside("garbage"), "no private key in PEM"),
        (place.beside("missing"), "cannot read the CA's key"),
    ] {
        let refusal = place.refused(&["--ca-key", &key]);
        assert!(refusal.contains(why) && refusal.contains(&key), "{refusal}");
    }
    fs::write(place.tls.join("ca.pem"), "garbage").expect("written");
    assert!(place.refused(&["--ca-key", &place.beside("ca-key.pem")]).contains("ca.pem is no certificate"));
    assert_eq!(place.read("cert.pem"), before);
}

#[test]
fn a_long_life_is_pointed_out() {
    let place = Place::new();
    assert!(place.made(&["--days", "826"]).contains("825 days"));
    assert!(!place.made(&["--days", "825", "--force"]).contains("825 days"));
}

#[test]
fn what_makes_no_sense_is_exit_code_2() {
    let place = Place::new();
    for options in [
        ["--name", "a b"].as_slice(),
        &["--name", "https://example.org"],
        &["--days", "0"],
        &["--days", "3651"],
        &["--only-these-names"],
        &["--force", "--ca-key", "x"],
        &["--keep-ca-key", "x", "--ca-key", "x"],
    ] {
        let ran = place.certs(options);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{options:?}: {}", ran.stderr);
    }
    assert!(!place.tls.exists());
    assert_eq!(run(&["certs"]).code, Some(2));
}

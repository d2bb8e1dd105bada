use super::*;

fn servers(text: &str) -> Result<Servers, String> {
    parse(text, |_| None)
}

fn names(text: &str) -> Vec<String> {
    servers(text).unwrap_or_else(|wrong| panic!("{text}: {wrong}")).all.iter().map(name).collect()
}

fn first(text: &str) -> PgConnectOptions {
    servers(text).unwrap_or_else(|wrong| panic!("{text}: {wrong}")).all.remove(0)
}

#[test]
fn hosts_are_names_addresses_sockets_or_several_of_them() {
    for (text, expected) in [
        ("postgres://u:p@db.example/d", vec!["db.example:5432"]),
        ("postgres://u:p@[::1]/d", vec!["[::1]:5432"]),
        ("postgres://u:p@[fe80::1]:6000/d", vec!["[fe80::1]:6000"]),
        ("postgres://u:p@/d?host=/cloudsql/a:b:c", vec!["/cloudsql/a:b:c/.s.PGSQL.5432"]),
        ("postgres:///d?host=/run/pg&user=u&port=6432", vec!["/run/pg/.s.PGSQL.6432"]),
        ("postgres://u@%2Frun%2Fpg/d", vec!["/run/pg/.s.PGSQL.5432"]),
        ("postgres://u:p@a,b:6000,[::1]:7/d?target_session_attrs=read-write", vec!["a:5432", "b:6000", "[::1]:7"]),
        ("postgres://u:p@/d?host=a,b&port=1,2", vec!["a:1", "b:2"]),
        ("postgres://u:p@a,b/d?port=7", vec!["a:7", "b:7"]),
        ("postgres://u:p@/d?hostaddr=127.0.0.1", vec!["127.0.0.1:5432"]),
        ("postgres://u:p@a?sslmode=disable", vec!["a:5432"]),
    ] {
        assert_eq!(names(text), expected, "{text}");
    }
}

#[test]
fn names_and_passwords_are_decoded() {
    let server = first("postgres://a%40b:pa%2Fss%3A%25+@h/my%20data");
    assert_eq!((server.get_username(), server.get_database()), ("a@b", Some("my data")));
    assert!(format!("{server:?}").contains(r#""pa/ss:%+""#));
    // As libpq, which has no fragments: only a slash ends what stands before the @.
    let server = first("postgres://u:a:b?c#d@h/d");
    assert!(format!("{server:?}").contains(r#""a:b?c#d""#));
}

#[test]
fn a_password_that_must_be_encoded_is_hinted_at_and_never_shown() {
    for text in [
        "postgres://u:hunter2/x@h/d",
        "postgres://u:1234/hunter2@h/d",
        "postgres://u:hunter2%zz@h/d",
        "postgres://u:100%@h/hunter2",
        "postgres://u:/hunter2?x=1@h/d",
    ] {
        let wrong = servers(text).map(|_| ()).expect_err(text);
        assert!(wrong.contains("%2F") && !wrong.contains("hunter2"), "{text}: {wrong}");
    }
}

#[test]
fn a_parameter_is_honored_or_refused_by_its_name() {
    for (query, parts) in [
        ("sslmod=verify-full", vec!["sslmod", "sslmode"]),
        ("sslmode=verify", vec!["sslmode", "verify-full"]),
        ("sslmode=Require", vec!["sslmode"]),
        ("channel_binding=require", vec!["channel_binding", "prefer"]),
        ("gssencmode=require", vec!["gssencmode"]),
        ("require_auth=scram-sha-256", vec!["require_auth"]),
        ("sslcrl=/x", vec!["sslcrl"]),
        ("target_session_attrs=standby", vec!["target_session_attrs", "read-write"]),
        ("ssl_min_protocol_version=TLSv1.3", vec!["ssl_min_protocol_version"]),
        ("sslcert=/x", vec!["sslcert", "sslkey"]),
        ("sslrootcert=/nowhere/ca.pem", vec!["sslrootcert", "/nowhere/ca.pem", "no such file"]),
        ("sslrootcert=system&sslmode=require", vec!["verify-full"]),
        ("pgbouncer=true", vec!["pgbouncer", "remove"]),
        ("port=0", vec!["65535"]),
        ("port=1,2", vec!["port"]),
        ("hostaddr=127.0.0.1", vec!["hostaddr"]),
        ("connect_timeout=soon", vec!["connect_timeout"]),
        ("sslmode", vec!["NAME=VALUE"]),
    ] {
        let wrong = servers(&format!("postgres://u:p@h/d?{query}")).map(|_| ()).expect_err(query);
        assert!(parts.iter().all(|part| wrong.contains(part)), "{query}: {wrong}");
    }
    let ok = "connect_timeout=10&application_name=x&options=-c%20search_path%3Dauth&channel_binding=prefer&ssl=true";
    let server = first(&format!("postgres://u:p@h/d?{ok}"));
    assert_eq!((server.get_application_name(), server.get_options()), (Some("x"), Some("-c search_path=auth")));
    assert!(matches!(server.get_ssl_mode(), PgSslMode::Require));
}

#[test]
fn encryption_is_what_libpq_makes_of_the_mode() {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("ca.pem");
    let certificate = rcgen::generate_simple_self_signed(["h".to_owned()]).expect("a certificate");
    std::fs::write(&file, certificate.cert.pem()).expect("written");
    let mode = |query: &str| first(&format!("postgres://u:p@h/d?{query}")).get_ssl_mode();
    assert!(matches!(mode("user=u"), PgSslMode::Prefer));
    // A CA that is named is looked at.
    assert!(matches!(mode(&format!("sslmode=require&sslrootcert={}", file.display())), PgSslMode::VerifyCa));
    assert!(matches!(mode("sslrootcert=system"), PgSslMode::VerifyFull));
    assert!(matches!(mode("host=/run/pg&sslmode=require"), PgSslMode::Disable));
    assert_eq!(names("postgres://u:p@h/d?sslmode=allow"), ["h:5432", "h:5432"], "without TLS, then with TLS");
}

#[test]
fn libpq_s_variables_stand_in_for_what_the_url_lacks() {
    let environment = |name: &str| (name == "PGSSLMODE").then(|| "verify-ful".to_owned());
    let wrong = parse("postgres://u:p@h/d", environment).expect_err("no such mode");
    assert!(wrong.contains("PGSSLMODE"), "{wrong}");
    assert!(parse("postgres://u:p@h/d?sslmode=require", environment).is_ok(), "the URL comes first");
}

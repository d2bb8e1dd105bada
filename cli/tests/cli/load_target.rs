//! `flotilla load` against servers that misbehave: every request ends as an answer or as a named failure.

use std::time::Duration;

use crate::fake::{Act, Fake};
use crate::flotilla::run;
use crate::load::load;

#[test]
fn every_failure_has_a_name() {
    let problem = r#"{"title":"Teapot","detail":"short and \u001b[31mstout"}"#;
    let fake = Fake::serve(move |number| match number {
        0 => Act::Last("this is no HTTP\r\n\r\n".to_owned()),
        1 => Act::HangUp,
        2 => Act::Last("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_owned()),
        3 => Act::Bytes(format!(
            "HTTP/1.1 418 I'm a teapot\r\nx-served-by: pot-1\r\nx-request-id: theirs\r\ncontent-length: {}\r\n\r\n{problem}",
            problem.len()
        )),
        4 => Act::Silence,
        _ => Act::Answer("x-served-by: pot-2\r\nx-service-version: 2\r\n"),
    });
    let loaded = load(&fake.origin, &["-n", "8", "-c", "1", "--timeout", "400ms", "--max-failures", "5"]);
    assert_eq!(loaded.ran.code, Some(0), "{:#}", loaded.report);
    assert_eq!(
        loaded.kinds(),
        ["answer is not HTTP", "closed before an answer", "answer cut short", "status 418", "timed out"]
    );
    assert_eq!((loaded.count("/requests"), loaded.count("/good"), loaded.count("/failed")), (8, 3, 5));
    assert_eq!(fake.requests(), 8, "what was counted was sent, and nothing twice");
    let first = &loaded.report["failures"][3]["first"];
    assert_eq!((first["request_id"].as_str(), first["served_by"].as_str()), (Some("theirs"), Some("pot-1")));
    assert_eq!(first["detail"], "Teapot: short and \u{1b}[31mstout");
    assert!(!loaded.ran.stderr.contains('\u{1b}'), "not on a terminal: {}", loaded.ran.stderr);
}

#[test]
fn an_open_loop_tells_of_a_standstill_what_a_closed_one_hides() {
    let fake = Fake::serve(|number| match number {
        25 => Act::After(Duration::from_secs(1)),
        _ => Act::Answer(""),
    });
    let loaded = load(&fake.origin, &["--rate", "50", "-d", "2s", "-c", "1"]);
    assert_eq!((loaded.count("/good"), loaded.count("/unsent")), (100, 0), "{:#}", loaded.report);
    // During the second some 50 requests fell due. The tenth slowest of all waited some 0.8 s for the connection…
    let (latency, service_time) = (loaded.number("/latency_ms/p90"), loaded.number("/service_time_ms/p90"));
    assert!(latency > 700.0, "{latency}");
    // …though only one was long on its way.
    assert!(service_time < latency / 2.0, "{service_time}");
}

#[test]
fn what_was_due_and_never_sent_counts_as_failed() {
    let fake = Fake::serve(|_| Act::Silence);
    let loaded = load(&fake.origin, &["--rate", "50", "-d", "1s", "-c", "1", "--timeout", "400ms"]);
    assert_eq!(loaded.ran.code, Some(1));
    assert_eq!((loaded.count("/requests"), loaded.count("/failed")), (50, 50), "{:#}", loaded.report);
    assert_eq!(loaded.kinds(), ["timed out", "due but not sent"]);
    assert_eq!(fake.requests() as u64 + loaded.count("/unsent"), 50);
}

#[test]
fn a_steady_rate_is_kept_to_the_request() {
    let fake = Fake::serve(|_| Act::Answer(""));
    let loaded = load(&fake.origin, &["--phase", "500ms:0..200/s", "--phase", "500ms:200/s", "--max-failures", "0"]);
    assert_eq!(loaded.ran.code, Some(0), "{:#}", loaded.report);
    assert_eq!((fake.requests(), loaded.count("/good")), (150, 150));
}

#[test]
fn connections_are_kept_or_made_anew() {
    let fake = Fake::serve(|_| Act::Answer(""));
    let kept = load(&fake.origin, &["-n", "60", "-c", "3"]);
    assert_eq!((kept.count("/connections_opened"), fake.connections()), (3, 3));
    let anew = load(&fake.origin, &["-n", "60", "-c", "3", "--new-connections"]);
    assert_eq!((anew.count("/good"), anew.count("/connections_opened"), fake.connections()), (60, 60, 63));
}

#[test]
fn a_server_that_announces_the_end_of_a_connection_is_not_at_fault() {
    let fake =
        Fake::serve(|_| Act::Last("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok".to_owned()));
    let loaded = load(&fake.origin, &["-n", "50", "-c", "2", "--max-failures", "0"]);
    assert_eq!(loaded.ran.code, Some(0), "{:#}", loaded.report);
    assert_eq!((loaded.count("/good"), fake.connections()), (50, 50));
}

#[test]
fn method_fields_and_body_are_sent() {
    let server = crate::http::serve("204 No Content", String::new());
    let own = ["-X", "PUT", "-H", "X-Own: yes", "--data", r#"{"a":1}"#, "--expect", "204"];
    let loaded = load(&format!("{}/things?a=b", server.origin), &[&own[..], &["-n", "1"]].concat());
    assert_eq!(loaded.ran.code, Some(0), "{:#}", loaded.report);
    let request = server.requests.recv().expect("a request").to_lowercase();
    for part in [
        "put /things?a=b http/1.1",
        "x-own: yes",
        "content-type: application/json",
        "content-length: 7",
        "x-request-id: load-",
    ] {
        assert!(request.contains(part), "{part} in {request}");
    }
}

#[test]
fn a_body_that_is_no_json_is_a_form_and_an_empty_one_has_a_length() {
    for (body, length) in [("a=1", 3), ("", 0)] {
        let server = crate::http::serve("204 No Content", String::new());
        let loaded = load(&server.origin, &["--data", body, "-n", "1"]);
        assert_eq!(loaded.ran.code, Some(0), "{:#}", loaded.report);
        let request = server.requests.recv().expect("a request").to_lowercase();
        for part in
            ["post / ", "content-type: application/x-www-form-urlencoded", &format!("content-length: {length}\r\n")]
        {
            assert!(request.contains(part), "{part} in {request}");
        }
        assert_eq!(request.matches("content-length").count(), 1, "{request}");
    }
}

#[test]
fn a_metadata_service_is_not_loaded_without_consent() {
    for host in ["169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "2852039166"] {
        let ran = run(&["load", host, "-n", "1"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.contains("metadata service") && ran.stderr.contains("--i-own-this-host"), "{ran:?}");
    }
}

#[test]
fn a_host_that_is_not_near_is_not_loaded() {
    for host in ["http://8.8.8.8", "http://[2606:4700::1111]:8080/", "http://192.0.2.1"] {
        let ran = run(&["load", host, "-n", "1"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.contains("--i-own-this-host"), "{ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    }
    // Where nobody answers, and no packet leaves this machine for long: the documentation's network (RFC 5737).
    let ran = run(&["load", "http://192.0.2.1", "-n", "1", "-c", "1", "--timeout", "50ms", "--i-own-this-host"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("FAIL: good answers 0"), "{ran:?}");
}

#[test]
fn a_login_elsewhere_is_judged_too() {
    let fake = Fake::serve(|_| Act::Answer(""));
    let ran = run(&["load", &fake.origin, "-u", "user:password", "--login-url", "http://8.8.8.8"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("8.8.8.8 is not loaded"), "{ran:?}");
    assert_eq!(fake.requests(), 0);
}

#[test]
fn one_address_of_a_name_is_enough() {
    // It listens on one of the addresses that localhost usually has.
    let fake = Fake::serve(|_| Act::Answer(""));
    let port = fake.origin.rsplit(':').next().expect("a port");
    let url = format!("localhost:{port}");
    let loaded = load(&url, &["-n", "40", "-c", "4", "--new-connections", "--max-failures", "0"]);
    assert_eq!((loaded.ran.code, loaded.count("/good")), (Some(0), 40), "{:#}", loaded.report);
}

#[test]
fn nobody_there_is_a_named_failure_and_no_storm() {
    let ran = run(&["load", "localhost:1", "-d", "500ms", "-c", "2"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("connection refused"), "{ran:?}");
    let ran = run(&["load", "nowhere.invalid", "-d", "1s"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.starts_with("error: cannot find nowhere.invalid"), "{ran:?}");
}

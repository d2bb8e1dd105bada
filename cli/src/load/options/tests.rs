//! Command lines, and the plans that they make.

use clap::Parser;
use http::Method;
use secrecy::ExposeSecret as _;

use super::amount::LENGTH_OF_A_COUNT;
use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

fn plan(args: &[&str]) -> anyhow::Result<Plan> {
    let line = Line::try_parse_from([&["load", "localhost:8080"], args].concat())?;
    line.options.plan()
}

fn refused(args: &[&str]) -> String {
    format!("{:#}", plan(args).unwrap_err())
}

#[test]
fn defaults_are_short_and_bounded() {
    let plan = plan(&[]).unwrap();
    assert_eq!(plan.shape(), "closed loop, 8 connections");
    assert_eq!((plan.schedule.length().as_secs(), plan.requests), (30, None));
    assert_eq!((plan.keep_alive, plan.anywhere, plan.timeout.as_secs()), (true, false, 10));
    assert_eq!(plan.mix.paths()[0].path, "/");
}

#[test]
fn a_rate_opens_the_loop() {
    let plan = plan(&["--rate", "500", "-d", "1m", "--new-connections"]).unwrap();
    assert_eq!(plan.shape(), "open loop, 500/s over up to 32 connections, each for one request");
    assert_eq!(plan.schedule.total(), 30_000);
}

#[test]
fn phases_decide_all_of_it() {
    let rates = plan(&["--phase", "10s:0..500/s", "--phase", "20s:500", "-c", "100"]).unwrap();
    assert_eq!(rates.shape(), "open loop, up to 500/s over up to 100 connections, 2 phases");
    let connections = plan(&["--phase", "10s:1..64c"]).unwrap();
    assert_eq!(connections.shape(), "closed loop, up to 64 connections, 1 phase");
    for (args, said) in [
        (&["--phase", "1s:5c", "-c", "5"][..], "twice"),
        (&["--phase", "1s:5c", "--phase", "1s:5/s"], "either all rates"),
        (&["--phase", "25h:5c"], "at most 24h"),
        (&["--phase", "1s:5c", "--rate", "5"], "cannot be used with"),
        (&["--phase", "1s:5c", "--duration", "5s"], "cannot be used with"),
    ] {
        assert!(refused(args).contains(said), "{args:?}: {}", refused(args));
    }
}

#[test]
fn a_number_of_requests_has_time() {
    let plan = plan(&["-n", "1000"]).unwrap();
    assert_eq!((plan.requests, plan.schedule.length()), (Some(1000), LENGTH_OF_A_COUNT));
    let few = self::plan(&["-n", "3", "-c", "8"]).unwrap();
    assert_eq!(few.connections, 3, "more would be opened for nothing");
}

#[test]
fn a_body_makes_a_post() {
    let with_body = plan(&["--data", "{}"]).unwrap();
    assert_eq!((with_body.message.method, with_body.message.body.as_deref()), (Method::POST, Some(&b"{}"[..])));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "text").unwrap();
    let named = format!("@{}", file.path().display());
    let from_file = plan(&["-X", "PUT", "--data", &named]).unwrap();
    assert_eq!((from_file.message.method, from_file.message.body.as_deref()), (Method::PUT, Some(&b"text"[..])));
    assert!(refused(&["--data", "@/no/such/file"]).contains("--data: cannot read /no/such/file"));
}

#[test]
fn a_body_is_that_of_curl() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "one\r\ntwo\n").unwrap();
    let named = format!("@{}", file.path().display());
    let body = |args: &[&str]| plan(args).unwrap().message.body.map(|body| String::from_utf8(body.into()).unwrap());
    for (args, sent) in [
        (&["--data", "a=1", "--data", "b=2", "--data", "c"][..], "a=1&b=2&c"),
        (&["--data", &named], "onetwo"),
        (&["--data", "x", "--data", &named], "x&onetwo"),
        (&["--data-binary", &named], "one\r\ntwo\n"),
        (&["--data-raw", "@name"], "@name"),
        (&["--data", "line\nbreak"], "line\nbreak"),
        (&["--data", ""], ""),
        (&["--data", "", "--data", "a"], "a"),
    ] {
        assert_eq!(body(args).as_deref(), Some(sent), "{args:?}");
    }
    assert_eq!(plan(&["--data", ""]).unwrap().message.method, Method::POST, "an empty body is one");
    assert_eq!(body(&[]), None);
    assert!(refused(&["--data-binary", "@/no/such"]).contains("--data-binary: cannot read /no/such"));
    assert!(refused(&["--data", "a", "--data-raw", "b"]).contains("cannot be used with"));
    std::fs::write(file.path(), vec![b'x'; 600 * 1024]).unwrap();
    assert!(refused(&["--data", &named, "--data", &named]).contains("larger than 1048576 bytes"));
}

#[test]
fn a_login_is_at_the_host_unless_told() {
    let login = |args: &[&str]| plan(&[&["-u", "ada:pass:word"], args].concat()).unwrap().login.unwrap();
    let here = login(&[]);
    assert_eq!((here.at.origin().as_str(), here.at.path()), ("http://localhost:8080", "/login"));
    assert_eq!((here.user.as_str(), here.password.expose_secret()), ("ada", "pass:word"));
    let there = login(&["--login-url", "http://auth"]);
    assert_eq!((there.at.origin().as_str(), there.at.path()), ("http://auth", "/login"));
    assert!(refused(&["-u", "a:b", "-H", "Authorization: Bearer x"]).contains("twice"));
}

#[test]
fn what_cannot_be_is_refused_with_what_is_wanted() {
    for (args, said) in [
        (&["--duration", "0s"][..], "--duration"),
        (&["--duration", "25h"], "at most 24h"),
        (&["--timeout", "0s"], "--timeout"),
        (&["--rate", "0"], "requests a second"),
        (&["--rate", "2000000"], "requests a second"),
        (&["-c", "0"], "1..=10000"),
        (&["-n", "0"], "1..=1000000000"),
        (&["--path", "secure"], "begins with /"),
        (&["--path", "/", "--path", "/"], "named twice"),
        (&["--max-failures", "some"], "0.1%"),
        (&["--expect", "ok"], "200,401"),
        (&["-H", "Content-Length: 5"], "content-length"),
        (&["-X", "CONNECT"], "CONNECT"),
        (&["--insecure", "--cacert", "x"], "cannot be used with"),
        (&["--password-stdin"], "--login"),
        (&["--plain", "--quiet"], "cannot be used with"),
    ] {
        assert!(refused(args).contains(said), "{args:?}: {}", refused(args));
    }
    let line = Line::try_parse_from(["load", "localhost/secure", "--path", "/"]).unwrap();
    assert!(format!("{:#}", line.options.plan().unwrap_err()).contains("in the URL and by --path"));
}

#[test]
fn two_reports_need_two_files() {
    let directory = tempfile::tempdir().unwrap();
    let name = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (one, spelled_otherwise, other) = (name("report"), name("./report"), name("other"));
    std::os::unix::fs::symlink(&one, name("link")).unwrap();
    assert!(plan(&["--json", &one, "--html", &other]).is_ok());
    let alike = |json: &str, html: &str| refused(&["--json", json, "--html", html]);
    assert!(alike(&one, &spelled_otherwise).contains("--json and --html name the same file"));
    assert!(alike("report", "./report").contains("name the same file"));
    assert!(alike("/no/such/directory/report", "/no/such/directory/report").contains("name the same file"));
    std::fs::write(&one, "").unwrap();
    assert!(alike(&one, &name("link")).contains("name the same file"), "a link to it is it");
}

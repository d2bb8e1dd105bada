//! `flotilla certs`: a CA and a server's certificate, for TLS at the frontend and for the Secret of a cluster.
//!
//! | module | does |
//! |---|---|
//! | `names` | whom a certificate is for |
//! | `authority` | the CA: founded, or known again by its key; signs |
//! | `directory` | the files, and that there are no others |
//! | `git` | whether a key could be committed |
//! | `report` | what was done, and what to do with it |
//!
//! The directory is what `kubectl create secret generic tls-certs --from-file=DIR` takes whole. So nothing gets into it
//! that a server does not need: the CA's private key is thrown away unless a place for it is named, and that place is
//! elsewhere.

mod authority;
mod directory;
mod git;
mod names;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use clap::Args;
use secrecy::zeroize::Zeroizing;

use self::authority::{Authority, Validity};
use self::directory::Directory;
use self::names::Name;
use self::report::Report;
use crate::output;

/// A CA whose key is kept outlives its certificates by far: clients are told of it once.
const DAYS_OF_A_KEPT_CA: u16 = 3650;
/// Who signs and who verifies may not agree on the time.
const BACKDATED: Duration = Duration::from_mins(5);

/// The options of `flotilla certs`.
#[derive(Debug, Args)]
#[command(after_help = report::EXAMPLES)]
pub(crate) struct Options {
    /// The directory that gets ca.pem, cert.pem and key.pem; made if it is not there
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// A further host name, *.domain or IP address that the certificate is for; several by commas or one at a time
    #[arg(long = "name", value_name = "NAME", value_delimiter = ',')]
    names: Vec<Name>,

    /// Only the names given, not also localhost, 127.0.0.1, ::1, *.example.com, flotilla.test, *.flotilla.test
    #[arg(long, requires = "names")]
    only_these_names: bool,

    /// How many days the certificate is good
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,

    /// Keep the CA's private key in this file, outside DIR, to renew the certificate later; else it is thrown away
    #[arg(long, value_name = "FILE", conflicts_with = "ca_key")]
    keep_ca_key: Option<PathBuf>,

    /// Renew cert.pem and key.pem with the CA's private key that was kept; ca.pem stays, so clients notice nothing
    #[arg(long, value_name = "FILE", conflicts_with = "force")]
    ca_key: Option<PathBuf>,

    /// Replace what is there by a new CA and certificate; clients need the new ca.pem
    #[arg(long)]
    force: bool,
}

/// Runs `flotilla certs`.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let now = token::Clock::system().now();
    let directory = Directory::open(&options.directory)?;
    let report = match &options.ca_key {
        Some(key) => renew(options, &directory, key, now),
        None => found(options, &directory, now),
    }?;
    output::print(&report.text(&directory))?;
    let key = directory.path_of(directory::KEY);
    for warning in git::warnings(std::iter::once(&key).chain(&options.keep_ca_key)) {
        output::remark(&warning);
    }
    Ok(ExitCode::SUCCESS)
}

/// A new CA, and a certificate of it.
fn found(options: &Options, directory: &Directory, now: SystemTime) -> anyhow::Result<Report> {
    if !options.force {
        directory.refuse_to_overwrite()?;
    }
    let kept = options.keep_ca_key.as_deref();
    kept.map_or(Ok(()), |file| directory.refuse_as_place_of_the_ca_key(file, options.force))?;
    let days = if kept.is_some() { DAYS_OF_A_KEPT_CA.max(options.days) } else { options.days };
    let authority = Authority::found(Validity::of(days, now))?;
    let names = chosen(options, names::usual());
    let validity = Validity::of(options.days, now);
    let signed = authority.sign(&names, validity)?;
    // First, for without it a directory that is complete could not be renewed.
    kept.map_or(Ok(()), |file| directory::write_ca_key(file, &authority.key_pem(), options.force))?;
    directory.write(&[
        (directory::CA, authority.certificate_pem(), directory::PUBLIC),
        (directory::KEY, &signed.key, directory::PRIVATE),
        (directory::CERT, &signed.certificate, directory::PUBLIC),
    ])?;
    Ok(Report::founded(names, validity, kept))
}

/// A new certificate of a CA that clients know already.
fn renew(options: &Options, directory: &Directory, key: &Path, now: SystemTime) -> anyhow::Result<Report> {
    let pem = std::fs::read_to_string(key).map(Zeroizing::new);
    let pem = pem.with_context(|| format!("cannot read the CA's key {}", key.display()))?;
    let certificate = directory.read(directory::CA).with_context(|| {
        format!("a renewal needs the ca.pem that goes with {} in {}", key.display(), directory.shown())
    })?;
    let authority = Authority::known(&pem, certificate).with_context(|| {
        format!("{} and {} do not belong together", directory.path_of(directory::CA).display(), key.display())
    })?;
    if authority.good_until() <= now {
        bail!("the CA itself has expired: make a new one with --force, and give its ca.pem to the clients");
    }
    let validity = Validity::of(options.days, now).within(authority.good_until());
    let names = chosen(options, directory.names()?.unwrap_or_else(names::usual));
    let signed = authority.sign(&names, validity)?;
    directory.write(&[
        (directory::KEY, &signed.key, directory::PRIVATE),
        (directory::CERT, &signed.certificate, directory::PUBLIC),
    ])?;
    Ok(Report::renewed(names, validity))
}

fn chosen(options: &Options, others: Vec<Name>) -> Vec<Name> {
    let mut names = if options.only_these_names { Vec::new() } else { others };
    for name in &options.names {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: Duration = Duration::from_hours(24 * 3650);

    fn place() -> (tempfile::TempDir, PathBuf, Options) {
        let whole = tempfile::tempdir().unwrap();
        let key = whole.path().join("ca-key.pem");
        let options = Options {
            directory: whole.path().join("tls"),
            names: Vec::new(),
            only_these_names: false,
            days: 365,
            keep_ca_key: Some(key.clone()),
            ca_key: None,
            force: false,
        };
        (whole, key, options)
    }

    /// Some day, to the second.
    fn today() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 20_000)
    }

    #[test]
    fn a_renewed_certificate_does_not_outlive_its_ca() {
        let (_whole, key, options) = place();
        let directory = Directory::open(&options.directory).unwrap();
        found(&options, &directory, today()).unwrap();
        let report = renew(&options, &directory, &key, today() + KEPT - Duration::from_hours(24)).unwrap();
        assert!(report.text(&directory).contains("until 2034-10-02 00:00 UTC"), "{}", report.text(&directory));
    }

    #[test]
    fn a_ca_that_has_expired_renews_nothing() {
        let (_whole, key, options) = place();
        let directory = Directory::open(&options.directory).unwrap();
        found(&options, &directory, today()).unwrap();
        let before = directory.read(directory::CERT).unwrap();
        let refusal = renew(&options, &directory, &key, today() + KEPT).unwrap_err().to_string();
        assert!(refusal.contains("the CA itself has expired") && refusal.contains("--force"), "{refusal}");
        assert_eq!(directory.read(directory::CERT).unwrap(), before);
    }
}

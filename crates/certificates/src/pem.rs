//! PEM files (RFC 7468) with certificates or a private key.
//!
//! A parser passes over what it does not know, so a mark before a line or an indented block makes a certificate vanish
//! without a word. Here each such file is an error that names the cause and the command that mends it.
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject as _},
};
use x509_cert::{Certificate, der::Decode as _};

const BEGIN: &[u8] = b"-----BEGIN ";
const BEGIN_CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What is wrong with a file, and how to mend it. Displays nothing of what the file holds, except labels of blocks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// Not a byte, or only white space.
    #[error("the file is empty")]
    Empty,
    /// UTF-8 with a mark that hides the line behind it.
    #[error(
        "a byte order mark stands before a BEGIN line, which cannot be read with it; \
         save the file as UTF-8 without a byte order mark"
    )]
    ByteOrderMark,
    /// As Windows PowerShell's `>` writes it.
    #[error("the file is UTF-16; save it as ASCII or UTF-8, without a byte order mark")]
    Utf16,
    /// Binary instead of text.
    #[error("the file is DER, not PEM; convert it: openssl {0} -inform DER -in FILE -out NEW.pem")]
    Der(&'static str),
    /// Certificate and key in one, locked.
    #[error("the file is PKCS #12, not PEM; convert it: openssl pkcs12 -in FILE {0} -out NEW.pem")]
    Pkcs12(&'static str),
    /// Blocks of other kinds only.
    #[error("no {wanted} in PEM in it, but a block {found:?}{}", mend(.found))]
    OtherBlock {
        /// What was to be read.
        wanted: &'static str,
        /// The label that is there.
        found: String,
    },
    /// Text of another kind.
    #[error("no {0} in PEM in it; it begins with a line -----BEGIN …-----")]
    Nothing(&'static str),
    /// A BEGIN or END line that is not a line of its own.
    #[error("a BEGIN or END line is not a line of its own; each must begin its line, and a line break must follow it")]
    NotALine,
    /// The end is missing.
    #[error("a block has no END line; the file was cut off")]
    NoEnd,
    /// Something between BEGIN and END is not base64.
    #[error("a block in it is not base64; copy the file again")]
    NotBase64,
    /// Base64 of something else.
    #[error("certificate {0} in it is not an X.509 certificate; copy it again")]
    NotX509(usize),
    /// A key that needs a password.
    #[error("the private key is encrypted; decrypt it: openssl pkey -in FILE -out NEW.pem")]
    Encrypted,
}

/// All certificates of a file, in its order. Each of them can be parsed.
pub fn certificates(file: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    check_encoding(file)?;
    let all: Vec<_> =
        CertificateDer::pem_slice_iter(file).collect::<Result<_, _>>().map_err(|error| broken(&error, file))?;
    if count(file, BEGIN_CERTIFICATE) > all.len() {
        return Err(PemError::NotALine);
    }
    if all.is_empty() {
        return Err(instead(file, "certificate"));
    }
    match all.iter().position(|certificate| Certificate::from_der(certificate).is_err()) {
        Some(index) => Err(PemError::NotX509(index + 1)),
        None => Ok(all),
    }
}

/// The private key of a file: PKCS #8, PKCS #1 or SEC 1.
pub fn private_key(file: &[u8]) -> Result<PrivateKeyDer<'static>, PemError> {
    check_encoding(file)?;
    match PrivateKeyDer::from_pem_slice(file) {
        Ok(key) => Ok(key),
        Err(_) if is_encrypted(file) => Err(PemError::Encrypted),
        Err(pem::Error::NoItemsFound) if has_hidden_key(file) => Err(PemError::NotALine),
        Err(pem::Error::NoItemsFound) => Err(instead(file, "private key")),
        Err(error) => Err(broken(&error, file)),
    }
}

fn check_encoding(file: &[u8]) -> Result<(), PemError> {
    match file {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Err(PemError::Utf16),
        _ if file.trim_ascii().is_empty() => Err(PemError::Empty),
        _ if count(file, &[BYTE_ORDER_MARK, BEGIN].concat()) > 0 => Err(PemError::ByteOrderMark),
        _ => Ok(()),
    }
}

/// PKCS #8 says it in the label, the older formats in a header line (RFC 1421 section 4.6.1.1).
fn is_encrypted(file: &[u8]) -> bool {
    count(file, b"-----BEGIN ENCRYPTED PRIVATE KEY-----") > 0 || count(file, b"Proc-Type: 4,ENCRYPTED") > 0
}

fn has_hidden_key(file: &[u8]) -> bool {
    let label = label(file);
    ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"].iter().any(|known| label.as_deref() == Some(*known))
}

/// What a file is that has not one block of the kind that is wanted.
fn instead(file: &[u8], wanted: &'static str) -> PemError {
    let is_for_key = wanted == "private key";
    match file {
        // SEQUENCE { INTEGER 3 …: RFC 7292 section 4.
        [0x30, 0x82, _, _, 2, 1, 3, ..] | [0x30, 0x80, 2, 1, 3, ..] => {
            PemError::Pkcs12(if is_for_key { "-nocerts -nodes" } else { "-nokeys" })
        }
        // A SEQUENCE of more than 127 bytes, as all certificates are; an Ed25519 key is shorter.
        [0x30, 0x81..=0x83, ..] | [0x30, 0x2e, 2, 1, 0, ..] => PemError::Der(if is_for_key { "pkey" } else { "x509" }),
        _ => match label(file) {
            Some(found) => PemError::OtherBlock { wanted, found },
            None => PemError::Nothing(wanted),
        },
    }
}

/// The label of the first block (RFC 7468 section 3): capital letters and digits, so that no secret is shown.
fn label(file: &[u8]) -> Option<String> {
    let at = file.windows(BEGIN.len()).position(|window| window == BEGIN)?;
    let rest = &file[at + BEGIN.len()..];
    let label = &rest[..rest.windows(5).take(40).position(|window| window == b"-----")?];
    let is_plain = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b" #".contains(byte);
    label.iter().all(is_plain).then(|| String::from_utf8_lossy(label).into_owned())
}

fn mend(label: &str) -> &'static str {
    match label {
        "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => "; convert it: openssl x509 -in FILE -out NEW.pem",
        "PKCS7" => "; convert it: openssl pkcs7 -print_certs -in FILE -out NEW.pem",
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => ", which a CA has yet to sign",
        "OPENSSH PRIVATE KEY" => "; convert it: ssh-keygen -p -m PKCS8 -N '' -f FILE",
        _ => "; give the file that has it",
    }
}

fn broken(error: &pem::Error, file: &[u8]) -> PemError {
    match error {
        // The END is there, behind something else.
        pem::Error::MissingSectionEnd { .. } if count(file, b"-----END ") >= count(file, BEGIN) => PemError::NotALine,
        pem::Error::MissingSectionEnd { .. } => PemError::NoEnd,
        pem::Error::IllegalSectionStart { .. } => PemError::NotALine,
        _ => PemError::NotBase64,
    }
}

fn count(file: &[u8], part: &[u8]) -> usize {
    file.windows(part.len()).filter(|window| *window == part).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (String, rcgen::KeyPair) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        (made.cert.pem(), made.signing_key)
    }

    #[test]
    fn files_that_other_programs_read_are_read() {
        let (certificate, key) = pair();
        let windows = certificate.replace('\n', "\r\n");
        let with_text = format!("Certificate:\n    Data: ü\n\u{feff}\n{certificate}\nand more\n{windows}");
        assert_eq!(certificates(with_text.as_bytes()).map(|all| all.len()), Ok(2));
        let both = format!("{}{certificate}", key.serialize_pem());
        assert_eq!(certificates(both.as_bytes()).map(|all| all.len()), Ok(1), "certificate and key in one file");
        assert!(private_key(both.as_bytes()).is_ok());
        assert!(private_key(key.serialize_pem().replace('\n', "\r\n").as_bytes()).is_ok());
    }

    #[test]
    fn a_block_that_would_be_passed_over_is_an_error() {
        let (certificate, key) = pair();
        let (other, _) = pair();
        let (certificate_line, other_lines) = (certificate.trim_end(), other.as_str());
        for (text, why) in [
            (format!("\u{feff}{certificate}"), PemError::ByteOrderMark),
            (format!("{certificate}\u{feff}{other}"), PemError::ByteOrderMark),
            (format!("{certificate_line}{other_lines}"), PemError::NotALine),
            (format!("{certificate}  {other}"), PemError::NotALine),
            (certificate.replace('\n', "\\n"), PemError::NotALine),
            (certificate.replace("-----BEGIN", "cert: -----BEGIN"), PemError::NotALine),
            (certificate[..certificate.len() / 2].to_owned(), PemError::NoEnd),
            (certificate.replacen("MII", "M!I", 1), PemError::NotBase64),
            (format!("{certificate}{}", other.replacen("MII", "AAA", 1)), PemError::NotX509(2)),
            (String::new(), PemError::Empty),
            (" \n".to_owned(), PemError::Empty),
            ("hunter2".to_owned(), PemError::Nothing("certificate")),
        ] {
            assert_eq!(certificates(text.as_bytes()), Err(why), "{text}");
        }
        let key = key.serialize_pem();
        for (text, why) in [
            (format!("\u{feff}{key}"), PemError::ByteOrderMark),
            (key.replace('\n', " "), PemError::NotALine),
            (format!("  {key}"), PemError::NotALine),
            (key[..key.len() / 2].to_owned(), PemError::NoEnd),
            (key.replace("PRIVATE", "ENCRYPTED PRIVATE"), PemError::Encrypted),
            (key.replacen('\n', "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n", 1), PemError::Encrypted),
            (String::new(), PemError::Empty),
        ] {
            assert_eq!(private_key(text.as_bytes()).map(|_| ()), Err(why), "{text}");
        }
    }

    #[test]
    fn another_format_is_named_with_the_command_that_converts_it() {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let (certificate, key) = (made.cert.pem(), made.signing_key);
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(certificate.bytes().flat_map(|byte| [byte, 0])).collect();
        let said = |file: &[u8]| certificates(file).expect_err("no certificate").to_string();
        assert!(said(&utf16).contains("UTF-16"));
        assert!(said(made.cert.der()).contains("openssl x509 -inform DER"));
        assert!(said(&[0x30, 0x82, 1, 2, 2, 1, 3, 0x30]).contains("openssl pkcs12 -in FILE -nokeys"));
        assert!(said(key.serialize_pem().as_bytes()).contains("but a block \"PRIVATE KEY\""));
        for (label, hint) in [
            ("TRUSTED CERTIFICATE", "openssl x509 -in"),
            ("PKCS7", "openssl pkcs7 -print_certs"),
            ("CERTIFICATE REQUEST", "a CA has yet to sign"),
        ] {
            let text = certificate.replace("CERTIFICATE-----", &format!("{label}-----"));
            assert!(said(text.as_bytes()).contains(hint), "{}", said(text.as_bytes()));
        }
        assert!(!said(b"-----BEGIN hunter2-----").contains("hunter2"));
        let said = |file: &[u8]| private_key(file).expect_err("no key").to_string();
        assert!(said(&key.serialize_der()).contains("openssl pkey -inform DER"));
        assert!(said(&[0x30, 0x82, 1, 2, 2, 1, 3, 0x30]).contains("openssl pkcs12 -in FILE -nocerts"));
        assert!(said(certificate.as_bytes()).contains("no private key in PEM in it, but a block \"CERTIFICATE\""));
        let openssh = key.serialize_pem().replace("PRIVATE", "OPENSSH PRIVATE");
        assert!(said(openssh.as_bytes()).contains("ssh-keygen -p -m PKCS8"));
    }
}

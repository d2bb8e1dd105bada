//! A line of CSV (RFC 4180). No field may have a line break, so a line is a record.
use std::io;

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};

use super::row::{Fields, shown_name};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where the fields are in a line.
pub(super) struct Columns {
    count: usize,
    /// In the order of [`Fields::NAMES`].
    places: [Option<usize>; Fields::NAMES.len()],
    parser: Parser,
}

pub(super) fn no_header() -> String {
    format!("no header; allowed: the names of the columns, of {}", Fields::NAMES.join(","))
}

/// A file without a header begins with an account: then nothing of it is shown.
fn unknown(place: usize, name: &[u8]) -> String {
    let name = std::str::from_utf8(name).ok().and_then(shown_name);
    let shown = name.map_or_else(|| format!("in place {}; is the header missing?", place + 1), str::to_owned);
    format!("unknown column {shown}; allowed: {}", Fields::NAMES.join(","))
}

impl Columns {
    /// As the header says.
    pub(super) fn of(header: &[u8]) -> Result<Self, String> {
        // Spreadsheets begin a file with it.
        let header = header.strip_prefix(BYTE_ORDER_MARK).unwrap_or(header);
        if header.is_empty() {
            return Err(no_header());
        }
        if header.starts_with(&[0xff, 0xfe]) || header.starts_with(&[0xfe, 0xff]) || header.contains(&0) {
            return Err("the file is UTF-16 or binary; save it as UTF-8".to_owned());
        }
        let mut parser = Parser::new();
        let header = parser.record(header)?.clone();
        let mut places = [None; Fields::NAMES.len()];
        for (place, name) in header.iter().enumerate() {
            let known = Fields::NAMES.iter().position(|known| known.as_bytes() == name);
            match known {
                None => return Err(unknown(place, name)),
                Some(known) if places[known].is_some() => {
                    return Err(format!("column {} comes twice", Fields::NAMES[known]));
                }
                Some(known) => places[known] = Some(place),
            }
        }
        match places {
            [Some(_), _, _, Some(_)] => Ok(Self { count: header.len(), places, parser }),
            [None, ..] => Err("column username is missing".to_owned()),
            _ => Err("column password_hash is missing".to_owned()),
        }
    }

    /// What a line says.
    pub(super) fn fields(&mut self, line: &[u8]) -> Result<Fields, String> {
        let record = self.parser.record(line)?;
        if record.len() != self.count {
            // The usual reason: a hash of argon2 has commas.
            let quotes = if record.len() > self.count { "; a field with a comma must be in quotes" } else { "" };
            return Err(format!("has {} fields, and the header has {}{quotes}", record.len(), self.count));
        }
        let field = |index: usize| {
            let bytes = self.places[index].and_then(|place| record.get(place)).unwrap_or_default();
            std::str::from_utf8(bytes).map_err(|_| format!("{}: not UTF-8", Fields::NAMES[index]))
        };
        let (email, roles) = (field(1)?, field(2)?);
        Ok(Fields {
            username: field(0)?.to_owned(),
            email: Some(email.to_owned()).filter(|email| !email.is_empty()),
            roles: roles.split(' ').filter(|role| !role.is_empty()).map(str::to_owned).collect(),
            password_hash: field(3)?.to_owned(),
        })
    }
}

/// One parser for all lines: to make one takes longer than to parse a line.
struct Parser {
    reader: Reader<Fed>,
    record: ByteRecord,
}

impl Parser {
    fn new() -> Self {
        let mut builder = ReaderBuilder::new();
        // A carriage return inside a line is a character like others, which no field may have.
        builder.has_headers(false).flexible(true).terminator(Terminator::Any(b'\n'));
        Self { reader: builder.from_reader(Fed::default()), record: ByteRecord::new() }
    }

    fn record(&mut self, line: &[u8]) -> Result<&ByteRecord, String> {
        self.reader.get_mut().feed(line);
        let is_whole = self.reader.read_byte_record(&mut self.record).map_err(|_| "no line of CSV".to_owned())?;
        // A quote that was not closed has made it look for more, and find the end.
        if !is_whole || self.reader.get_ref().is_spent {
            *self = Self::new();
            return Err("a quote is not closed; allowed: an account a line".to_owned());
        }
        Ok(&self.record)
    }
}

/// Gives one line, and then the end.
#[derive(Default)]
struct Fed {
    line: Vec<u8>,
    at: usize,
    is_spent: bool,
}

impl Fed {
    fn feed(&mut self, line: &[u8]) {
        self.line.clear();
        self.line.extend_from_slice(line);
        self.line.push(b'\n');
        self.at = 0;
    }
}

impl io::Read for Fed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.line[self.at..].as_ref().read(into)?;
        self.at += read;
        self.is_spent |= read == 0;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str, line: &str) -> Result<Fields, String> {
        Columns::of(header.as_bytes())?.fields(line.as_bytes())
    }

    #[test]
    fn columns_come_in_any_order_and_two_of_them_need_not_be_there() {
        let all =
            read("\u{feff}roles,username,password_hash,email", r#"a  b,"ann ""x""","h,1",ann@b"#).expect("fields");
        let expected = Fields {
            username: r#"ann "x""#.to_owned(),
            email: Some("ann@b".to_owned()),
            roles: vec!["a".to_owned(), "b".to_owned()],
            password_hash: "h,1".to_owned(),
        };
        assert_eq!(all, expected);
        let two = read("username,password_hash", "ann,h").expect("fields");
        assert_eq!((two.email, two.roles), (None, Vec::new()));
        assert_eq!(read("username,email,password_hash", "ann,,h").expect("fields").email, None);
    }

    #[test]
    fn a_header_that_is_none_is_refused_by_the_name_of_the_column() {
        for (header, why) in [
            ("username,password", "unknown column password; allowed: username,email,roles,password_hash"),
            ("username,Email,password_hash", "unknown column Email;"),
            ("username,username,password_hash", "column username comes twice"),
            ("password_hash", "column username is missing"),
            ("username,email", "column password_hash is missing"),
            ("$2b$04$W2lBNBdnSBqsG0,ann", "unknown column in place 1; is the header missing?"),
            ("", "no header;"),
            ("u\0s\0e\0r\0", "the file is UTF-16"),
        ] {
            let Err(wrong) = Columns::of(header.as_bytes()) else { panic!("{header} is no header") };
            assert!(wrong.starts_with(why), "{header}: {wrong}");
        }
    }

    #[test]
    fn a_line_with_more_or_fewer_fields_than_the_header_is_no_account() {
        for line in ["ann", "ann,h,", "ann,h,more"] {
            let why = read("username,password_hash", line).expect_err(line);
            assert!(why.contains("fields, and the header has 2"), "{why}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_line_does_not_spoil_the_next_one() {
        let mut columns = Columns::of(b"username,password_hash").expect("columns");
        let ann = || Fields { username: "ann".to_owned(), password_hash: "h".to_owned(), ..Fields::default() };
        for (line, is_read) in [
            ("\"ann,h", false),
            ("ann,\"h", false),
            ("x\ry,z", true),
            ("\r", false),
            ("ann", false),
            (&"x".repeat(20_000), false),
        ] {
            assert_eq!(columns.fields(line.as_bytes()).is_ok(), is_read, "{line:?}");
            assert_eq!(columns.fields(b"ann,h"), Ok(ann()), "after {line:?}");
        }
    }

    #[test]
    fn a_field_that_is_no_text_is_named() {
        let mut columns = Columns::of(b"username,password_hash").expect("columns");
        assert_eq!(columns.fields(b"\xff,h"), Err("username: not UTF-8".to_owned()));
    }
}

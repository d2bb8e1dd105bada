//! `user list`: page by page, so that a million accounts need no more memory than a thousand.
use std::io::{BufWriter, StdoutLock, Write};

use chassis::Stop;
use comfy_table::{ColumnConstraint, Table, Width, presets::NOTHING};
use serde::Serialize;

use crate::{
    admin::{Admin, failed},
    audit::utc,
    users::many::Listed,
};

const PAGE: usize = 1000;
const HEADER: [&str; 6] = ["NAME", "EMAIL", "ROLES", "CREATED", "DISABLED", "DEMO"];

type Out = BufWriter<StdoutLock<'static>>;

pub(super) async fn carry_out(admin: &Admin, output: &str) -> Result<(), Stop> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut shown: Box<dyn Shown> = match output {
        "json" => Box::new(Json::default()),
        _ => Box::new(Rows::default()),
    };
    let mut after = String::new();
    loop {
        let page = admin.users.page_after(&after, i64::try_from(PAGE).unwrap_or(i64::MAX)).await.map_err(failed)?;
        let is_last = page.len() < PAGE;
        shown.page(&page, is_last, &mut out).map_err(unwritten)?;
        match page.last() {
            Some(last) if !is_last => after.clone_from(&last.username),
            _ => break,
        }
    }
    out.flush().map_err(unwritten)
}

#[expect(clippy::needless_pass_by_value, reason = "map_err gives it")]
fn unwritten(error: std::io::Error) -> Stop {
    Stop::Failed(format!("cannot write the answer: {error}"))
}

trait Shown {
    fn page(&mut self, page: &[Listed], is_last: bool, out: &mut Out) -> std::io::Result<()>;
}

/// One array, an account a line.
#[derive(Default)]
struct Json {
    begun: bool,
}

#[derive(Serialize)]
struct Object<'a> {
    username: &'a str,
    email: Option<&'a str>,
    roles: Vec<&'a str>,
    created_at: String,
    disabled_at: Option<String>,
    demo: bool,
}

impl Shown for Json {
    fn page(&mut self, page: &[Listed], is_last: bool, out: &mut Out) -> std::io::Result<()> {
        for account in page {
            let object = Object {
                username: &account.username,
                email: account.email.as_deref(),
                roles: account.roles.split_whitespace().collect(),
                created_at: utc(account.created_at),
                disabled_at: account.disabled_at.map(utc),
                demo: account.demo,
            };
            out.write_all(if self.begun { b",\n  " } else { b"[\n  " })?;
            serde_json::to_writer(&mut *out, &object)?;
            self.begun = true;
        }
        match (is_last, self.begun) {
            (false, _) => Ok(()),
            (true, true) => writeln!(out, "\n]"),
            (true, false) => writeln!(out, "[]"),
        }
    }
}

/// A table whose columns are as wide as the widest so far.
struct Rows {
    widths: Vec<u16>,
    begun: bool,
}

impl Default for Rows {
    fn default() -> Self {
        Self { widths: vec![0; HEADER.len()], begun: false }
    }
}

impl Shown for Rows {
    fn page(&mut self, page: &[Listed], _: bool, out: &mut Out) -> std::io::Result<()> {
        let mut table = Table::new();
        table.load_style(NOTHING);
        if !self.begun {
            table.add_row(HEADER);
        }
        table.add_rows(page.iter().map(row));
        if table.is_empty() {
            return Ok(());
        }
        let widths = table.column_max_content_widths();
        for (place, (width, column)) in self.widths.iter_mut().zip(widths).enumerate() {
            *width = column.max(*width);
            if let Some(column) = table.column_mut(place) {
                // Two more for the padding.
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width.saturating_add(2))));
            }
        }
        self.begun = true;
        writeln!(out, "{}", table.trim_fmt())
    }
}

fn row(account: &Listed) -> [String; 6] {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let roles = Some(account.roles.clone()).filter(|roles| !roles.is_empty());
    [
        account.username.clone(),
        or_none(account.email.clone()),
        or_none(roles),
        utc(account.created_at),
        or_none(account.disabled_at.map(utc)),
        if account.demo { "demo" } else { "-" }.to_owned(),
    ]
}

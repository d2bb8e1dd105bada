//! The body of every request, with curl's options and their rules.

use std::fs::File;
use std::io::{self, Read};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Args;

const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The parts of a body. Each option may be repeated; curl joins the parts with `&`.
#[derive(Debug, Args)]
pub(super) struct Body {
    /// A body, or @ and the name of a file with it, without its line breaks (@- for standard input); repeated ones are
    /// joined with &. JSON is labelled as such, all else as a form
    #[arg(long, value_name = "TEXT|@FILE", conflicts_with_all = ["data_raw", "data_binary"])]
    data: Vec<String>,

    /// The same, where @ means nothing
    #[arg(long, value_name = "TEXT", conflicts_with = "data_binary")]
    data_raw: Vec<String>,

    /// The same, with the file exactly as it is
    #[arg(long, value_name = "TEXT|@FILE")]
    data_binary: Vec<String>,
}

impl Body {
    /// All parts, joined; `None` where there is no body. An empty one is a body, too.
    pub(super) fn read(&self) -> anyhow::Result<Option<Bytes>> {
        let Self { data, data_raw, data_binary } = self;
        if data.is_empty() && data_raw.is_empty() && data_binary.is_empty() {
            return Ok(None);
        }
        let mut body = Vec::new();
        for text in data {
            let mut part = content("--data", text)?;
            if text.starts_with('@') {
                // As curl does, so that a file that an editor ended with a line break is what a person means.
                part.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
            }
            append(&mut body, &part);
        }
        for text in data_raw {
            append(&mut body, text.as_bytes());
        }
        for text in data_binary {
            append(&mut body, &content("--data-binary", text)?);
        }
        if body.len() > MAX_BODY_BYTES {
            bail!("--data: the body is larger than {MAX_BODY_BYTES} bytes");
        }
        Ok(Some(body.into()))
    }
}

fn append(body: &mut Vec<u8>, part: &[u8]) {
    if !body.is_empty() {
        body.push(b'&');
    }
    body.extend_from_slice(part);
}

/// What the text says, or the file that it names.
fn content(option: &str, text: &str) -> anyhow::Result<Vec<u8>> {
    match text.strip_prefix('@') {
        None => Ok(text.as_bytes().to_vec()),
        Some("-") => whole(option, "standard input", &mut io::stdin().lock()),
        Some(file) => {
            let mut opened = File::open(file).with_context(|| format!("{option}: cannot read {file}"))?;
            whole(option, file, &mut opened)
        }
    }
}

fn whole(option: &str, name: &str, from: &mut dyn Read) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    let read = from.take(MAX_BODY_BYTES as u64 + 1).read_to_end(&mut body);
    read.with_context(|| format!("{option}: cannot read {name}"))?;
    if body.len() > MAX_BODY_BYTES {
        bail!("{option}: {name} is larger than {MAX_BODY_BYTES} bytes");
    }
    Ok(body)
}

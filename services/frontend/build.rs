//! Puts the page into the executable: every file of `page/` as it is and compressed, with its validator.
//!
//! The table is written as Rust, so that the bytes lie in the executable's read-only data: nothing of the page is on
//! the heap, and what nobody asks for is never read from the disk.
use std::{
    env, fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};

/// What a browser needs; the tests beside it are not served.
const PARTS: [&str; 4] = ["index.html", "icon.svg", "styles", "scripts"];

#[expect(clippy::disallowed_methods, reason = "cargo speaks to a build script by the environment")]
fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let page = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("page");
    let mut files = Vec::new();
    for part in PARTS {
        println!("cargo::rerun-if-changed=page/{part}");
        collect(&page.join(part), &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        let name = text(file.strip_prefix(&page).expect("below the page")).replace('\\', "/");
        let plain = fs::read(file)?;
        let packed = out.join(format!("page-{number}.gz"));
        fs::write(&packed, compressed(&plain)?)?;
        let (tag, file, packed) = (tag(&plain), text(file), text(&packed));
        let tags = format!("\"\\\"{tag}\\\"\", \"\\\"{tag}-gz\\\"\"");
        let asset = format!("Asset::new({name:?}, include_bytes!({file:?}), include_bytes!({packed:?}), {tags})");
        table.extend(["    ", &asset, ",\n"]);
    }
    table += "]\n";
    fs::write(out.join("assets.rs"), table)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the workspace is at a path in UTF-8")
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}

fn compressed(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain)?;
    encoder.finish()
}

/// Another content has another one: all that a validator has to promise (RFC 9110 section 8.8.1).
fn tag(plain: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    plain.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

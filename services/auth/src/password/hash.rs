//! What is computed over a password: argon2id for ours, the whole argon2 family and bcrypt for imported ones.
use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Ident, Output, ParamsString, PasswordHash, Salt},
};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::HashError;

/// Passes times KiB. OWASP's equivalent choices for argon2id (46 MiB and 1 pass … 7 MiB and 5) all are this, rounded up to
/// whole passes.
const WORK: u32 = 7 * 1024 * 5;
const LANES: u32 = 1;
/// A stored hash may ask for this much: it may come from a time with another setting.
const MAX_MEMORY_KIB: u32 = 64 * 1024;
const MAX_PASSES: u32 = 64;
/// A second of work; each step more is twice that.
const MAX_BCRYPT_COST: u32 = 14;
/// As many bytes of a password as bcrypt reads.
const MAX_BCRYPT_BYTES: usize = 72;

/// Salt and hash that stand in for those of an unknown user, so that he costs the same time. No password is known to fit.
const DUMMY: &str = "Zmxvb3RpbGxhLWR1bW15LQ$7Vx2LqGd0b4m3cJ1kQ9oZs8eTnYwRuHi5pAfXvBgKlM";

/// Memory of one hashing, in KiB. The passes follow from it: whoever gives less memory pays in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory(u32);

impl Memory {
    /// From 1 MiB to 64 MiB.
    pub const ALLOWED: std::ops::RangeInclusive<u32> = 1024..=MAX_MEMORY_KIB;

    /// So many KiB, if that is allowed.
    pub fn kib(kib: u32) -> Option<Self> {
        Self::ALLOWED.contains(&kib).then_some(Self(kib))
    }

    pub(super) fn blocks(self) -> usize {
        self.params().map_or(0, |params| params.block_count())
    }

    pub(super) fn params(self) -> Result<Params, HashError> {
        Params::new(self.0, WORK.div_ceil(self.0), LANES, None).map_err(|_| HashError::Failed)
    }
}

/// What comparing a password with a stored hash came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password, and the hash is as we make them.
    Fits,
    /// It is the password; the hash is of another kind or cost than we make now.
    FitsOldHash,
    /// It is not.
    Wrong,
}

/// A PHC string with a fresh salt, at once and on this thread: for commands.
pub fn hash_now(memory: Memory, password: &SecretString, buffer: &mut Vec<Block>) -> Result<String, HashError> {
    let params = memory.params()?;
    let salt = Salt::generate();
    let output = compute(Algorithm::Argon2id, &params, password, &salt, Params::DEFAULT_OUTPUT_LEN, buffer)?;
    let hash = PasswordHash {
        algorithm: Ident::from(Algorithm::Argon2id),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|_| HashError::Failed)?,
        salt: Some(salt),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

/// Whether this is a hash that a login could be compared with: for imports.
pub fn judge_stored(stored: &str) -> Result<(), &'static str> {
    if is_bcrypt(stored) {
        return bcrypt_cost(stored).map(drop).ok_or("no bcrypt hash, or its cost is above 14");
    }
    argon2_of(stored)
        .map(drop)
        .map_err(|_| "no hash of argon2 or bcrypt, or one that asks for more than 64 MiB or 64 passes")
}

/// A stored hash of the argon2 family, taken apart.
fn argon2_of(stored: &str) -> Result<(PasswordHash, Algorithm, Params), HashError> {
    let hash = PasswordHash::new(stored).map_err(|_| HashError::Stored)?;
    let params = Params::try_from(&hash).map_err(|_| HashError::Stored)?;
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| HashError::Stored)?;
    let version_is_known = hash.version == Some(u32::from(Version::V0x13));
    let affordable = params.m_cost() <= MAX_MEMORY_KIB && params.t_cost() <= MAX_PASSES;
    let complete = hash.salt.is_some() && hash.hash.is_some();
    (version_is_known && affordable && complete).then_some((hash, algorithm, params)).ok_or(HashError::Stored)
}

/// Whether a password fits one of our hashes, at once and on this thread: for commands.
pub fn compare_now(memory: Memory, password: &SecretString, stored: &str) -> Result<Verdict, HashError> {
    if is_bcrypt(stored) {
        compare_with_bcrypt(password, stored)
    } else {
        compare_with_argon2(memory, password, stored, &mut Vec::new())
    }
}

pub(super) fn compare_with_argon2(
    memory: Memory,
    password: &SecretString,
    stored: &str,
    buffer: &mut Vec<Block>,
) -> Result<Verdict, HashError> {
    let (hash, algorithm, params) = argon2_of(stored)?;
    let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else { return Err(HashError::Stored) };
    // Output compares in constant time.
    if compute(algorithm, &params, password, &salt, expected.len(), buffer)? != expected {
        return Ok(Verdict::Wrong);
    }
    let ours = memory.params()?;
    let as_ours = algorithm == Algorithm::Argon2id
        && (params.m_cost(), params.t_cost(), params.p_cost()) == (ours.m_cost(), ours.t_cost(), ours.p_cost());
    Ok(if as_ours { Verdict::Fits } else { Verdict::FitsOldHash })
}

pub(super) fn is_bcrypt(stored: &str) -> bool {
    ["$2a$", "$2b$", "$2x$", "$2y$"].iter().any(|kind| stored.starts_with(kind))
}

/// The cost of a bcrypt hash that is whole and affordable.
fn bcrypt_cost(stored: &str) -> Option<u32> {
    let cost = stored.parse::<bcrypt::HashParts>().ok()?.get_cost();
    (cost <= MAX_BCRYPT_COST).then_some(cost)
}

pub(super) fn compare_with_bcrypt(password: &SecretString, stored: &str) -> Result<Verdict, HashError> {
    bcrypt_cost(stored).ok_or(HashError::Stored)?;
    let password = password.expose_secret().as_bytes();
    // bcrypt reads 72 bytes and repeats what ends with a NUL, so longer passwords and those with a NUL fit hashes of others.
    // They are refused after the same work, and are never what our own hash is computed from.
    let whole = password.len() <= MAX_BCRYPT_BYTES && !password.contains(&0);
    match bcrypt::verify(password, stored) {
        Ok(true) if !whole => Ok(Verdict::Wrong),
        Ok(true) => Ok(Verdict::FitsOldHash),
        Ok(false) => Ok(Verdict::Wrong),
        Err(_) => Err(HashError::Stored),
    }
}

/// A hash that costs as much as one that is made now.
pub(super) fn dummy(memory: Memory) -> Result<String, HashError> {
    let params = memory.params()?;
    Ok(format!("$argon2id$v=19$m={},t={},p={LANES}${DUMMY}", params.m_cost(), params.t_cost()))
}

fn compute(
    algorithm: Algorithm,
    params: &Params,
    password: &SecretString,
    salt: &Salt,
    length: usize,
    buffer: &mut Vec<Block>,
) -> Result<Output, HashError> {
    buffer.resize(params.block_count(), Block::default());
    let argon2 = Argon2::new(algorithm, Version::V0x13, params.clone());
    let mut output = Zeroizing::new(vec![0; length]);
    argon2
        .hash_password_into_with_memory(
            password.expose_secret().as_bytes(),
            salt.as_ref(),
            &mut output,
            &mut buffer[..],
        )
        .map_err(|_| HashError::Failed)?;
    Output::new(&output).map_err(|_| HashError::Failed)
}

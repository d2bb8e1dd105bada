//! auth's settings, in three sections: where data lies, what tokens say, how logins are answered.
mod login;
mod storage;
mod tokens;

use chassis::{
    Service,
    config::{Invalid, Reader, Section as _, Setting},
};
use token::SigningKey;

pub use self::{
    login::Login,
    storage::{Storage, Stored},
    tokens::Tokens,
};

/// All settings of auth, for `--help` and the docs.
pub const SETTINGS: &[&[Setting]] = &[Storage::SETTINGS, Tokens::SETTINGS, Login::SETTINGS];

/// Settings without problems. Nothing on the disk was touched for them.
#[derive(Debug)]
pub struct Config {
    storage: Storage,
    tokens: Tokens,
    login: Login,
    classic_key: Option<SigningKey>,
}

/// Settings made into what auth works with: the directory exists, the keys are keys.
#[derive(Debug)]
pub struct Prepared {
    /// Where data lies.
    pub stored: Stored,
    /// What tokens say.
    pub tokens: Tokens,
    /// How logins are answered.
    pub login: Login,
    /// Classic mode: signs and verifies with a shared secret.
    pub classic_key: Option<SigningKey>,
}

impl Config {
    /// Reads all three sections; `None` means problems, which the reader tells.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let storage = reader.section::<Storage>();
        let tokens = reader.section::<Tokens>();
        let login = reader.section::<Login>();
        let (storage, mut tokens, login) = (storage?, tokens?, login?);
        if let Some((setting, wrong)) = login.unlimited_peers(storage.has_demo_account()) {
            reader.problem(setting, wrong);
            return None;
        }
        match tokens.secret.take().map(SigningKey::shared_secret).transpose() {
            Ok(classic_key) => Some(Self { storage, tokens, login, classic_key }),
            Err(wrong) => {
                reader.problem("SECRET", wrong.to_string());
                None
            }
        }
    }

    /// Makes the data directory and, unless one is configured, the key in it.
    pub fn prepared(self, service: &Service) -> Result<Prepared, Invalid> {
        let Self { storage, tokens, login, classic_key } = self;
        Ok(Prepared { stored: storage.prepared(service)?, tokens, login, classic_key })
    }
}

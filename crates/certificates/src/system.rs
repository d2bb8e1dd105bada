//! Which certificates the system trusts.
pub(crate) use self::platform::verifier;

/// Linux and the BSDs have files.
#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
mod platform {
    use std::{
        path::{Path, PathBuf},
        sync::Arc,
    };

    use rustls::{RootCertStore, crypto::CryptoProvider};

    use crate::{
        pem,
        trust::{TrustError, Verifier, read},
    };

    pub(crate) fn verifier(provider: &Arc<CryptoProvider>) -> Result<Verifier, TrustError> {
        let found = rustls_native_certs::load_native_certs();
        let mut store = RootCertStore::empty();
        for certificate in &found.certs {
            // A system's store may hold one that nobody can use; the others are good.
            let _ = store.add(certificate.clone());
        }
        if let Some(file) = named_file() {
            check(&file)?;
        }
        if store.is_empty() {
            let why = found.errors.first().map_or_else(|| "there are none".to_owned(), ToString::to_string);
            return Err(TrustError::System(why));
        }
        Verifier::new(store, &found.certs, provider)
    }

    /// What can't be read in a file that somebody named is not passed over.
    fn check(file: &Path) -> Result<(), TrustError> {
        let shown = || format!("SSL_CERT_FILE {}", file.display());
        match read(file) {
            Ok(bytes) => match pem::certificates(&bytes) {
                Ok(_) => Ok(()),
                Err(error) => Err(TrustError::Unusable(shown(), error)),
            },
            Err(TrustError::Unread(_, error)) => Err(TrustError::Unread(shown(), error)),
            Err(other) => Err(other),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the variable is OpenSSL's, and no setting of a service")]
    fn named_file() -> Option<PathBuf> {
        std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()).map(PathBuf::from)
    }
}

/// Apple's systems and Windows verify by themselves, and so trust a server's own certificate where a person did.
#[cfg(not(all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
mod platform {
    use std::sync::Arc;

    use rustls::crypto::CryptoProvider;

    use crate::trust::TrustError;

    pub(crate) fn verifier(provider: &Arc<CryptoProvider>) -> Result<rustls_platform_verifier::Verifier, TrustError> {
        rustls_platform_verifier::Verifier::new(Arc::clone(provider))
            .map_err(|error| TrustError::System(error.to_string()))
    }
}

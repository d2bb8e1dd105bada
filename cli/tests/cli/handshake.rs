//! A TLS handshake in memory: a server with the files of a directory, and a client that trusts its CA and nobody else.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

/// Both sides, before they meet.
pub(crate) struct Handshake {
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

impl Handshake {
    /// With the `ca.pem`, `cert.pem` and `key.pem` of a directory.
    pub(crate) fn of(directory: &Path) -> Self {
        let certificate = |name: &str| CertificateDer::from_pem_file(directory.join(name)).expect(name);
        let key = PrivateKeyDer::from_pem_file(directory.join("key.pem")).expect("key.pem");
        let server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate("cert.pem")], key)
            .expect("a certificate and its key");
        let mut roots = RootCertStore::empty();
        roots.add(certificate("ca.pem")).expect("a CA");
        let client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { server: Arc::new(server), client: Arc::new(client) }
    }

    /// Whether the client believes the server to be this host.
    pub(crate) fn reaching(&self, host: &str) -> Result<(), String> {
        let name = ServerName::try_from(host.to_owned()).expect("a name");
        let mut client = ClientConnection::new(Arc::clone(&self.client), name).expect("a client");
        let mut server = ServerConnection::new(Arc::clone(&self.server)).expect("a server");
        while client.is_handshaking() || server.is_handshaking() {
            let mut flight = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut flight).expect("written");
            }
            server.read_tls(&mut flight.as_slice()).expect("read");
            server.process_new_packets().map_err(|error| error.to_string())?;
            let mut flight = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut flight).expect("written");
            }
            client.read_tls(&mut flight.as_slice()).expect("read");
            client.process_new_packets().map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

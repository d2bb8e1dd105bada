//! A TLS connection by hand: which certificate it was shown, and HTTP byte by byte over it.
use std::{io, net::SocketAddr, sync::Arc};

use e2e::{Certificates, LONG};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// An open connection.
pub(super) struct Shaken(TlsStream<TcpStream>);

/// The certificate in a PEM.
pub(super) fn in_pem(text: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(text.as_bytes()).expect("a certificate")
}

impl Shaken {
    /// As a client that trusts the CA.
    pub(super) async fn with(address: SocketAddr, certificates: &Certificates) -> io::Result<Self> {
        Self::over(TcpStream::connect(address).await?, certificates).await
    }

    /// The same over a connection that is there already.
    pub(super) async fn over(stream: TcpStream, certificates: &Certificates) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(in_pem(&certificates.read("ca.pem"))).expect("a CA");
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").expect("a name");
        let shaking = TlsConnector::from(Arc::new(config)).connect(name, stream);
        timeout(LONG, shaking).await.expect("the handshake ends").map(Self)
    }

    /// Whether it was shown this certificate.
    pub(super) fn was_shown(&self, pem: &str) -> bool {
        self.0.get_ref().1.peer_certificates().and_then(<[_]>::first) == Some(&in_pem(pem))
    }

    /// Sends, and reads one answer without its body.
    pub(super) async fn ask(&mut self, request: &str) -> String {
        self.send(request).await;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let read = timeout(LONG, self.0.read_u8()).await.expect("an answer");
            head.push(read.unwrap_or_else(|error| panic!("{error} after {}", String::from_utf8_lossy(&head))));
        }
        let head = String::from_utf8(head).expect("text");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.expect("a body");
        head
    }

    /// Sends. That the other side has gone is no error here.
    pub(super) async fn send(&mut self, bytes: &str) {
        let _ = self.0.write_all(bytes.as_bytes()).await;
        let _ = self.0.flush().await;
    }

    /// Waits until the other side ends the connection; what it sent before.
    pub(super) async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        // How it ends does not matter.
        let _ = timeout(LONG, self.0.read_to_end(&mut rest)).await.expect("the end of the connection");
        String::from_utf8_lossy(&rest).into_owned()
    }
}

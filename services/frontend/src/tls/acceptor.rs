//! The handshake: with the certificate of the moment, counted by how it ended.
use std::{io, net::SocketAddr, time::Duration};

use chassis::{
    metrics::CounterBy,
    server::{Acceptor, Scheme},
};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::{
    Shown,
    plain_http::{self, Beginning},
};

/// Speaks TLS with clients.
#[derive(Clone)]
pub(super) struct TlsAcceptor {
    shown: Shown,
    handshakes: CounterBy,
    strict_transport: Duration,
}

impl TlsAcceptor {
    pub(super) fn new(shown: Shown, handshakes: CounterBy, strict_transport: Duration) -> Self {
        Self { shown, handshakes, strict_transport }
    }
}

impl Acceptor for TlsAcceptor {
    type Stream = TlsStream<TcpStream>;

    const SCHEME: Scheme = Scheme::Https;
    const MEMORY: u64 = 40 << 10;

    async fn accept(&self, stream: TcpStream, _: SocketAddr) -> io::Result<Self::Stream> {
        let mut outcome = Outcome { handshakes: &self.handshakes, is: "abandoned" };
        match plain_http::beginning(&stream).await? {
            Beginning::Nothing => return Err(io::ErrorKind::UnexpectedEof.into()),
            Beginning::Http => {
                outcome.is = "plain_http";
                plain_http::refuse(stream).await?;
                return Err(io::Error::other("plain HTTP"));
            }
            Beginning::Tls => {}
        }
        let config = self.shown.now().config();
        let shaken = tokio_rustls::TlsAcceptor::from(config).accept(stream).await;
        outcome.is = match &shaken {
            Ok(_) => "succeeded",
            // What TLS itself objects to; all else is a connection that ended.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => "failed",
            Err(_) => "abandoned",
        };
        shaken
    }

    fn strict_transport(&self) -> Option<Duration> {
        Some(self.strict_transport)
    }
}

/// Counted when it is dropped, so also when the time for the handshake is over.
struct Outcome<'a> {
    handshakes: &'a CounterBy,
    is: &'static str,
}

impl Drop for Outcome<'_> {
    fn drop(&mut self) {
        self.handshakes.count(self.is);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chassis::metrics::Metrics;
    use rustls::{
        ClientConfig, NamedGroup, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
        crypto::{SupportedKxGroup, aws_lc_rs::default_provider},
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
        version::{TLS12, TLS13},
    };
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
        task::JoinHandle,
    };
    use tokio_rustls::client::TlsStream as ClientStream;

    use super::{
        super::{fixture::pair, identity::Identity},
        *,
    };

    struct Scene {
        certificate: String,
        metrics: Metrics,
        client: TcpStream,
        accepting: JoinHandle<io::Result<TlsStream<TcpStream>>>,
    }

    /// A connection whose server side is being accepted.
    async fn scene() -> Scene {
        let (certificate, key) = pair(&["localhost"], (2020, 2030));
        let identity = Identity::from_pem(certificate.as_bytes(), key.as_bytes()).expect("an identity");
        let metrics = Metrics::default();
        let handshakes = metrics.counter_by("outcome", "handshakes", "Handshakes");
        let acceptor = TlsAcceptor::new(Shown::new(identity), handshakes, Duration::ZERO);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let client = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("a connection");
        let (server, peer) = listener.accept().await.expect("the other end");
        let accepting = tokio::spawn(async move { acceptor.accept(server, peer).await });
        Scene { certificate, metrics, client, accepting }
    }

    impl Scene {
        async fn shakes_hands(
            self,
            versions: &[&'static SupportedProtocolVersion],
            protocols: &[&str],
        ) -> (io::Result<ClientStream<TcpStream>>, io::Result<TlsStream<TcpStream>>, Metrics) {
            let mut roots = RootCertStore::empty();
            let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).expect("a certificate");
            roots.add(certificate).expect("a root");
            let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
                .with_protocol_versions(versions)
                .expect("versions")
                .with_root_certificates(roots)
                .with_no_client_auth();
            config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
            let name = ServerName::try_from("localhost").expect("a name");
            let client = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, self.client).await;
            (client, self.accepting.await.expect("no panic"), self.metrics)
        }
    }

    fn counted(metrics: &Metrics, outcome: &str) -> bool {
        metrics.encode().contains(&format!("handshakes_total{{outcome=\"{outcome}\"}} 1"))
    }

    #[tokio::test]
    async fn both_versions_are_spoken_and_a_version_of_http_is_agreed_on() {
        for (version, agreed) in [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)] {
            for (offered, chosen) in [
                (&["h2", "http/1.1"][..], Some("http/1.1")),
                (&["http/1.0"], Some("http/1.0")),
                (&["http/1.0", "http/1.1"], Some("http/1.1")),
                (&[], None),
            ] {
                let (client, server, metrics) = scene().await.shakes_hands(&[version], offered).await;
                let (_client, server) = (client.expect("shaken"), server.expect("shaken"));
                let connection = server.get_ref().1;
                let group = connection.negotiated_key_exchange_group().map(SupportedKxGroup::name);
                assert_eq!(group == Some(NamedGroup::X25519MLKEM768), agreed == ProtocolVersion::TLSv1_3, "{group:?}");
                assert_eq!(connection.protocol_version(), Some(agreed));
                assert_eq!(connection.alpn_protocol(), chosen.map(str::as_bytes));
                assert!(counted(&metrics, "succeeded"));
            }
        }
    }

    #[tokio::test]
    async fn who_speaks_another_protocol_only_is_told_so() {
        let (client, server, metrics) = scene().await.shakes_hands(&[&TLS13], &["h2"]).await;
        assert!(client.is_err_and(|error| error.to_string().contains("NoApplicationProtocol")));
        assert!(server.is_err() && counted(&metrics, "failed"));
    }

    #[tokio::test]
    async fn plain_http_is_answered_in_clear() {
        let Scene { mut client, accepting, metrics, .. } = scene().await;
        client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("written");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("an answer and its end");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(
            head.starts_with("HTTP/1.1 400 ") && head.contains(&format!("content-length: {}", body.len())),
            "{head}"
        );
        let problem: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(
            (problem["status"].as_u64(), problem["detail"].as_str()),
            (Some(400), Some("this port speaks TLS: ask it by https"))
        );
        drop(client);
        assert!(accepting.await.expect("no panic").is_err());
        assert!(counted(&metrics, "plain_http"));
    }

    #[tokio::test]
    async fn garbage_and_silence_are_no_handshakes() {
        for (bytes, outcome) in
            [(&b"\x00\x01\x02\x03\x04\x05"[..], "failed"), (b"\x16\x03\x01", "abandoned"), (b"", "abandoned")]
        {
            let Scene { mut client, accepting, metrics, .. } = scene().await;
            client.write_all(bytes).await.expect("written");
            client.shutdown().await.expect("half closed");
            assert!(accepting.await.expect("no panic").is_err());
            assert!(counted(&metrics, outcome), "{bytes:?}: {}", metrics.encode());
        }
    }

    #[tokio::test]
    async fn one_that_is_given_up_is_counted_as_well() {
        let Scene { client, accepting, metrics, .. } = scene().await;
        tokio::task::yield_now().await; // it has begun
        accepting.abort();
        assert!(accepting.await.is_err_and(|error| error.is_cancelled()));
        drop(client);
        assert!(counted(&metrics, "abandoned"));
    }
}

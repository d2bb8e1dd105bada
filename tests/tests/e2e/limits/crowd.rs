//! Many connections at the same time, and the one client that must not notice.
use std::{net::SocketAddr, time::Duration};

use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::timeout};

use super::Wire;

/// For one connection; a service that has no place for it leaves it in its queue or ends it.
const CONNECT: Duration = Duration::from_secs(5);

/// Connections that have sent something and stay open until this is dropped, as far as the other side lets them.
pub(crate) struct Crowd(Vec<TcpStream>);

impl Crowd {
    /// Opens so many connections, and sends these bytes on each.
    pub(crate) async fn of(count: usize, address: SocketAddr, bytes: &[u8]) -> Self {
        let mut open = Vec::new();
        for _ in 0..count {
            let Ok(Ok(mut stream)) = timeout(CONNECT, TcpStream::connect(address)).await else { continue };
            // More than the other side reads must hold up nothing here.
            let mut rest = bytes;
            while let Ok(Ok(sent)) = timeout(Duration::from_millis(1), stream.write(rest)).await {
                rest = &rest[sent..];
                if rest.is_empty() {
                    break;
                }
            }
            open.push(stream);
        }
        assert!(!open.is_empty(), "nothing listens at {address}");
        Self(open)
    }

    /// How many were opened.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Another client from the same address is answered so many times, each time within this long. It closes its connection
    /// after each answer, and tries again where it is refused because its address has its share.
    pub(crate) async fn is_in_nobodys_way(&self, address: SocketAddr, path: &str, times: usize, within: Duration) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        for time in 0..times {
            let answered = async {
                loop {
                    let mut wire = Wire::to(address).await;
                    wire.send(&request).await;
                    if let Some(answer) = wire.answers_until_closed().await.pop() {
                        return answer.status;
                    }
                }
            };
            let status = timeout(within, answered).await;
            assert_eq!(status.ok(), Some(200), "answer {time} next to {} connections", self.len());
        }
    }
}

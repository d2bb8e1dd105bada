//! For tests: a host that is there, and lets nobody in. The tests of routes include this file, too.
use std::time::Duration;

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

/// A listener with the shortest queue there is.
pub(crate) fn small_listener() -> TcpListener {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    socket.listen(0).expect("it listens")
}

/// Fills the queue of a listener that nobody looks after: whoever comes later gets no answer at all.
pub(crate) async fn crowd_before(listener: &TcpListener) -> Vec<TcpStream> {
    let address = listener.local_addr().expect("bound");
    let mut crowd = Vec::new();
    while let Ok(Ok(stream)) = timeout(Duration::from_millis(50), TcpStream::connect(address)).await {
        crowd.push(stream);
    }
    crowd
}

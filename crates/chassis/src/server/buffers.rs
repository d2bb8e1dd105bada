//! The kernel's buffers of a connection.
use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};
use tokio::net::TcpStream;

/// Unread bytes of a body stay in the kernel's receive buffer, and unread answers in its send buffer. Both count to the memory
/// of the container (Linux kernel documentation, "Control Group v2", `sock`), and by default each grows to megabytes. The
/// kernel doubles the numbers for what it needs itself (socket(7), `SO_RCVBUF`).
const RECEIVE: usize = 8 * 1024;
const SEND: usize = 16 * 1024;

/// Keeps both small. A connection works without it, too.
pub(super) fn bound(stream: &TcpStream) {
    let _ = set_socket_recv_buffer_size(stream, RECEIVE);
    let _ = set_socket_send_buffer_size(stream, SEND);
}

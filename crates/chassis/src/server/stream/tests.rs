//! The stream under a client that is slow, idle or gone.
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    time::timeout,
};

use super::{
    super::{
        Capacity,
        admission::{Admission, Admitted},
        request_memory::RequestMemory,
    },
    *,
};
use crate::config::Networks;

const HEAD: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
const LIMIT: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(30);

/// A client and the stream that it has.
fn stream_with(memory: Pool) -> (DuplexStream, GuardedStream<DuplexStream>, Phase, Admitted) {
    let (client, server) = duplex(64 * 1024);
    let (phase, admitted) = (Phase::default(), admitted());
    let allowed = Allowed { head: LIMIT, unread: PATIENCE, memory };
    let stream = GuardedStream::new(server, phase.clone(), Arc::clone(admitted.slot()), allowed, Instant::now());
    (client, stream, phase, admitted)
}

fn clocked() -> (DuplexStream, GuardedStream<DuplexStream>, Phase) {
    let (client, stream, phase, _) = stream_with(Pool::default());
    (client, stream, phase)
}

fn admitted() -> Admitted {
    let capacity =
        Capacity { connections: 1, per_client: 1, trusted: Networks::default(), memory: RequestMemory::default() };
    Admission::new(capacity).try_admit([127, 0, 0, 1].into()).expect("there is room")
}

async fn read(stream: &mut GuardedStream<DuplexStream>) -> io::Result<usize> {
    stream.read(&mut [0; 64]).await
}

#[tokio::test(start_paused = true)]
async fn a_head_that_dawdles_loses_its_connection() {
    let (mut client, mut stream, _) = clocked();
    client.write_all(b"GET / HT").await.expect("written");
    assert_eq!(read(&mut stream).await.expect("the first bytes"), 8);
    let began = Instant::now();
    assert_eq!(read(&mut stream).await.expect_err("late").kind(), io::ErrorKind::TimedOut);
    assert!((LIMIT..LIMIT * 2).contains(&began.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn dripping_bytes_do_not_move_the_deadline() {
    let (mut client, mut stream, _) = clocked();
    let dripping = tokio::spawn(async move {
        while client.write_all(b"x").await.is_ok() {
            tokio::time::sleep(LIMIT / 5).await;
        }
    });
    let began = Instant::now();
    while read(&mut stream).await.is_ok() {}
    assert!(began.elapsed() < LIMIT * 2, "{:?}", began.elapsed());
    drop(stream);
    dripping.await.expect("it ends with the connection");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_sends_nothing_ends_like_one_that_dawdles() {
    let (_client, mut stream, _) = clocked();
    let began = Instant::now();
    assert_eq!(read(&mut stream).await.expect_err("late").kind(), io::ErrorKind::TimedOut);
    assert!((LIMIT..LIMIT * 2).contains(&began.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_and_a_slow_body_are_not_its_business() {
    let (mut client, mut stream, phase) = clocked();
    client.write_all(HEAD).await.expect("written");
    assert_eq!(read(&mut stream).await.expect("the headers"), HEAD.len());
    phase.begin(0);
    assert!(timeout(LIMIT * 3, read(&mut stream)).await.is_err(), "a body that pauses");
    phase.end();
    assert!(timeout(LIMIT * 3, read(&mut stream)).await.is_err(), "idle after the answer");
}

#[tokio::test(start_paused = true)]
async fn headers_that_begin_behind_a_request_have_their_time_from_its_answer_on() {
    for (behind, body_bytes, is_late) in [(&b"GET / HT"[..], 0, true), (b"body", 4, false), (b"bodyGET", 4, true)] {
        let (mut client, mut stream, phase) = clocked();
        client.write_all(&[HEAD, behind].concat()).await.expect("written");
        read(&mut stream).await.expect("both");
        phase.begin(body_bytes);
        phase.end();
        let next = timeout(LIMIT * 3, read(&mut stream)).await;
        assert_eq!(next.is_ok_and(|read| read.is_err()), is_late, "{behind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn headers_above_8_kib_wait_for_memory_and_for_no_longer_than_others() {
    let pool = RequestMemory::new(Some(LARGE_HEAD), None).heads;
    let (mut client, mut stream, _, admitted) = stream_with(pool.clone());
    let held = pool.reserve(1).await;
    client.write_all(&[b'x'; 2 * ORDINARY_HEAD]).await.expect("written");
    let mut bytes = vec![0; ORDINARY_HEAD];
    stream.read_exact(&mut bytes).await.expect("as much as an ordinary request has");
    assert!(timeout(LIMIT / 2, stream.read_exact(&mut bytes)).await.is_err(), "the rest waits");
    drop(held);
    stream.read_exact(&mut bytes).await.expect("there is memory");
    assert!(admitted.slot().is_pressed(), "a connection with a large buffer is not kept");

    let pool = RequestMemory::new(Some(LARGE_HEAD), None).heads;
    let (mut client, mut stream, _, _admitted) = stream_with(pool.clone());
    let _held = pool.reserve(1).await;
    client.write_all(&[b'x'; 2 * ORDINARY_HEAD]).await.expect("written");
    stream.read_exact(&mut bytes).await.expect("as much as an ordinary request has");
    assert_eq!(read(&mut stream).await.expect_err("late").kind(), io::ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_place_is_needed_ends() {
    let (_client, mut stream, phase, admitted) = stream_with(Pool::default());
    admitted.slot().close();
    assert_eq!(read(&mut stream).await.expect("an end like any other"), 0);
    phase.begin(1);
    assert_eq!(read(&mut stream).await.expect_err("in a request").kind(), io::ErrorKind::ConnectionAborted);
    let (_client, mut stream, _, admitted) = stream_with(Pool::default());
    let (slot, bytes) = (Arc::clone(admitted.slot()), vec![b'x'; 128 * 1024]);
    let (written, ()) = tokio::join!(stream.write_all(&bytes), async move { slot.close() });
    assert_eq!(written.expect_err("nothing reads").kind(), io::ErrorKind::ConnectionAborted);
}

#[tokio::test(start_paused = true)]
async fn a_refused_body_is_read_away_for_a_moment_so_that_the_answer_arrives() {
    let (mut client, mut stream, phase) = clocked();
    phase.linger();
    let sending = tokio::spawn(async move {
        client.write_all(&vec![b'x'; 64 * 1024]).await.expect("somebody reads");
        client
    });
    let began = Instant::now();
    stream.shutdown().await.expect("shut down");
    assert!((LINGER..LINGER * 2).contains(&began.elapsed()));
    drop(sending.await.expect("all was read"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_loses_its_connection() {
    let (_client, mut stream, _) = clocked();
    let began = Instant::now();
    let failed = stream.write_all(&vec![b'x'; 128 * 1024]).await.expect_err("nobody reads");
    assert_eq!(failed.kind(), io::ErrorKind::TimedOut);
    assert!((PATIENCE..PATIENCE * 2).contains(&began.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn a_last_word_that_nobody_reads_has_a_deadline_too() {
    /// Has something left to write before it shuts down.
    struct Farewell(DuplexStream);
    impl AsyncWrite for Farewell {
        fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.0).poll_write(context, bytes)
        }
        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
        fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
            ready!(Pin::new(&mut self.0).poll_write(context, b"bye"))?;
            Poll::Ready(Ok(()))
        }
    }
    impl AsyncRead for Farewell {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_read(context, buffer)
        }
    }
    let (_client, server) = duplex(16);
    let mut stream = {
        let allowed = Allowed { head: LIMIT, unread: PATIENCE, memory: Pool::default() };
        GuardedStream::new(Farewell(server), Phase::default(), Arc::clone(admitted().slot()), allowed, Instant::now())
    };
    stream.write_all(&[b'x'; 16]).await.expect("there is room for it");
    let began = Instant::now();
    assert_eq!(stream.shutdown().await.expect_err("nobody reads").kind(), io::ErrorKind::TimedOut);
    assert!((PATIENCE..PATIENCE * 2).contains(&began.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn without_a_refused_body_the_end_is_the_end() {
    let (_client, mut stream, _) = clocked();
    let began = Instant::now();
    stream.shutdown().await.expect("shut down");
    assert_eq!(began.elapsed(), Duration::ZERO);
}

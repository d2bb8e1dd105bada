//! A gate before a server: a TCP proxy that a test closes, cuts, stalls or slows down, and that counts who knocks.
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{self, AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep},
};

/// What becomes of those who come, and of those who are through.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// Bytes pass.
    Open,
    /// Connections are refused by the system, so nobody can count them.
    Closed,
    /// Connections are accepted and reset at once.
    Resetting,
    /// Connections are accepted, and nothing passes.
    Stalled,
    /// What the server says comes so much later.
    Slow(Duration),
    /// On a connection through which a commit has gone, nothing comes back any more.
    LosingCommits,
}

/// As the client says it to PostgreSQL.
const COMMIT: &[u8] = b"COMMIT";

#[derive(Debug, Clone, Copy)]
struct Order {
    way: Way,
    /// A connection ends when this is another number than at its beginning.
    cuts: usize,
}

/// A running gate, gone with the value.
#[derive(Debug)]
pub struct Gate {
    address: SocketAddr,
    server: Arc<Mutex<SocketAddr>>,
    orders: watch::Sender<Order>,
    in_force: watch::Receiver<Way>,
    knocks: Arc<Mutex<Vec<Instant>>>,
    keeper: JoinHandle<()>,
}

impl Gate {
    /// An open gate before this server, on a free port.
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (orders, ordered) = watch::channel(Order { way: Way::Open, cuts: 0 });
        let (obeyed, in_force) = watch::channel(Way::Open);
        let knocks = Arc::new(Mutex::new(Vec::new()));
        let server = Arc::new(Mutex::new(server));
        let keeper =
            Keeper { address, server: Arc::clone(&server), orders: ordered, obeyed, knocks: Arc::clone(&knocks) };
        let keeper = tokio::spawn(keeper.stand(listener));
        Self { address, server, orders, in_force, knocks, keeper }
    }

    /// Where it stands.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// New connections go to this server; those that are through stay.
    pub fn lead_to(&self, server: SocketAddr) {
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = server;
    }

    /// Lets pass whoever comes, and what waited.
    pub async fn open(&self) {
        self.order(Way::Open, false).await;
    }

    /// Ends all connections, and refuses new ones: what a server that has ended looks like. Knocks cannot be counted.
    pub async fn close(&self) {
        self.order(Way::Closed, true).await;
    }

    /// Ends all connections, and each new one at once: a server that is away behind something that is not.
    pub async fn reset(&self) {
        self.order(Way::Resetting, true).await;
    }

    /// Connections stay and new ones are made, and nothing passes.
    pub async fn stall(&self) {
        self.order(Way::Stalled, false).await;
    }

    /// Whatever the server says comes so much later.
    pub async fn slow(&self, delay: Duration) {
        self.order(Way::Slow(delay), false).await;
    }

    /// A transaction is committed, and the server's word on it is lost: the outcome is unknown.
    pub async fn lose_commits(&self) {
        self.order(Way::LosingCommits, false).await;
    }

    /// Ends all connections; new ones fare as before.
    pub fn cut(&self) {
        self.orders.send_modify(|order| order.cuts += 1);
    }

    async fn order(&self, way: Way, cut: bool) {
        self.orders.send_modify(|order| *order = Order { way, cuts: order.cuts + usize::from(cut) });
        self.in_force.clone().wait_for(|obeyed| *obeyed == way).await.expect("the gate stands");
    }

    /// When somebody knocked, since then.
    pub fn knocks_since(&self, since: Instant) -> Vec<Duration> {
        let knocks = self.knocks.lock().unwrap_or_else(PoisonError::into_inner);
        knocks.iter().filter(|knock| **knock >= since).map(|knock| knock.duration_since(since)).collect()
    }

    /// How many knocked in each second since then.
    pub fn knocks_by_second(&self, since: Instant) -> Vec<usize> {
        let knocks = self.knocks_since(since);
        let seconds = knocks.last().map_or(0, |last| last.as_secs() + 1);
        (0..seconds).map(|second| knocks.iter().filter(|knock| knock.as_secs() == second).count()).collect()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.keeper.abort();
        // Nobody gives orders any more: connections end.
    }
}

struct Keeper {
    address: SocketAddr,
    server: Arc<Mutex<SocketAddr>>,
    orders: watch::Receiver<Order>,
    obeyed: watch::Sender<Way>,
    knocks: Arc<Mutex<Vec<Instant>>>,
}

impl Keeper {
    async fn stand(mut self, mut listener: TcpListener) {
        loop {
            let way = self.orders.borrow_and_update().way;
            if way == Way::Closed {
                drop(listener);
                // The port stays ours, and a socket that does not listen refuses.
                let socket = bind(self.address).await;
                self.obeyed.send_replace(way);
                if self.orders.wait_for(|order| order.way != Way::Closed).await.is_err() {
                    return;
                }
                listener = socket.listen(1024).expect("it can listen");
                continue;
            }
            self.obeyed.send_replace(way);
            tokio::select! {
                biased;
                changed = self.orders.changed() => if changed.is_err() { return },
                accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                    self.knocks.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
                    let server = *self.server.lock().unwrap_or_else(PoisonError::into_inner);
                    tokio::spawn(pass(stream, server, self.orders.clone()));
                },
            }
        }
    }
}

/// Until the listener that had it is gone altogether.
async fn bind(address: SocketAddr) -> TcpSocket {
    loop {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("an option");
        if socket.bind(address).is_ok() {
            return socket;
        }
        sleep(Duration::from_millis(1)).await;
    }
}

async fn pass(mut client: TcpStream, server: SocketAddr, mut orders: watch::Receiver<Order>) {
    let Order { way, cuts } = *orders.borrow();
    if way == Way::Resetting {
        let _ = client.set_zero_linger();
        return;
    }
    let ways = orders.clone();
    let Ok(mut server) = TcpStream::connect(server).await else {
        let _ = client.set_zero_linger();
        return;
    };
    let ended = {
        let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
        let committed = AtomicBool::new(false);
        let there = forward(from_client, to_server, ways.clone(), Direction::There(&committed));
        let back = forward(from_server, to_client, ways, Direction::Back(&committed));
        tokio::select! {
            both = async { tokio::try_join!(there, back) } => both.is_ok(),
            _ = orders.wait_for(|order| order.cuts != cuts) => false,
        }
    };
    if !ended {
        let _ = client.set_zero_linger();
    }
}

/// Where bytes go, and whether the connection has seen a commit whose answer is to be lost.
enum Direction<'a> {
    There(&'a AtomicBool),
    Back(&'a AtomicBool),
}

async fn forward(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut orders: watch::Receiver<Order>,
    direction: Direction<'_>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        let gone = |_| io::Error::other("the gate is gone");
        let way = orders.wait_for(|order| order.way != Way::Stalled).await.map_err(gone)?.way;
        match (way, &direction) {
            (Way::Slow(delay), Direction::Back(_)) => sleep(delay).await,
            (Way::LosingCommits, Direction::There(committed)) => {
                let commits = buffer[..length].windows(COMMIT.len()).any(|window| window == COMMIT);
                committed.fetch_or(commits, Relaxed);
            }
            (_, Direction::Back(committed)) if committed.load(Relaxed) => continue,
            _ => {}
        }
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..length]).await?;
    }
}

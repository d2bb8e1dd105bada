//! Who is served, who waits, and who makes room.
use futures_util::FutureExt as _;
use tokio::time::timeout;

use super::*;

const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

fn admission(connections: usize, per_client: usize) -> Admission {
    let trusted = "198.51.100.0/24".parse().expect("a network");
    Admission::new(Capacity { connections, per_client, trusted, memory: RequestMemory::default() })
}

fn now(admission: &Admission, address: IpAddr) -> Option<Admitted> {
    admission.admit(address).now_or_never().flatten()
}

/// The connection ends when it is closed, as a task of a server does.
fn ends_when_closed(admitted: Admitted) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        std::future::poll_fn(|context| admitted.slot().poll_closed(context)).await;
    })
}

#[tokio::test(start_paused = true)]
async fn there_are_never_more_than_the_capacity() {
    let admission = admission(2, 2);
    let (first, _second) = (now(&admission, ONE).expect("room"), now(&admission, OTHER).expect("room"));
    assert!(timeout(Duration::from_mins(1), admission.admit(OTHER)).await.is_err(), "both are in use");
    drop(first);
    now(&admission, OTHER).expect("room again");
}

#[tokio::test(start_paused = true)]
async fn the_one_that_waited_longest_for_its_client_makes_room() {
    let admission = admission(3, 3);
    let [young, old, busy] = [(); 3].map(|()| now(&admission, ONE).expect("room"));
    old.slot().waits();
    tokio::time::advance(Duration::from_secs(1)).await;
    young.slot().waits();
    tokio::time::advance(Duration::from_secs(1)).await;
    let old = ends_when_closed(old);
    admission.admit(OTHER).await.expect("room");
    old.await.expect("closed");
    assert!(!young.slot().is_closed() && !busy.slot().is_closed());
}

#[tokio::test(start_paused = true)]
async fn one_that_proceeds_in_time_is_spared_and_closes_after_its_answer() {
    let admission = admission(1, 1);
    let busy = now(&admission, ONE).expect("room");
    busy.slot().waits();
    busy.slot().proceeds();
    let waiting = admission.clone();
    let waiting = tokio::spawn(async move { waiting.admit(OTHER).await });
    tokio::time::sleep(ROUND * PATIENCE * 10).await;
    assert!(!busy.slot().is_closed() && busy.slot().is_pressed());
    drop(busy);
    waiting.await.expect("no panic").expect("room");
}

#[tokio::test(start_paused = true)]
async fn connections_that_never_wait_long_make_room_after_a_while() {
    let admission = admission(1, 1);
    let dripping = now(&admission, ONE).expect("room");
    let slot = Arc::clone(dripping.slot());
    ends_when_closed(dripping);
    let drip = tokio::spawn(async move {
        loop {
            slot.proceeds();
            slot.waits();
            tokio::time::sleep(ROUND * 2 / 3).await;
        }
    });
    let began = Instant::now();
    timeout(ROUND * PATIENCE * 3, admission.admit(OTHER)).await.expect("in time").expect("room");
    assert!(began.elapsed() >= ROUND * PATIENCE);
    drip.abort();
}

#[tokio::test(start_paused = true)]
async fn one_whose_next_request_has_come_stays_until_its_answer() {
    let admission = admission(1, 1);
    let idle = now(&admission, ONE).expect("room");
    idle.slot().waits();
    idle.slot().close();
    idle.slot().proceeds();
    assert!(!idle.slot().is_closed() && idle.slot().is_pressed());
}

#[tokio::test(start_paused = true)]
async fn one_that_has_had_a_request_is_given_time_for_the_next() {
    let admission = admission(1, 1);
    let idle = now(&admission, ONE).expect("room");
    idle.slot().serves();
    idle.slot().waits();
    let began = Instant::now();
    ends_when_closed(idle);
    admission.admit(OTHER).await.expect("room");
    assert!(began.elapsed() >= IDLE_GRACE);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_has_begun_makes_room_last() {
    let admission = admission(2, 2);
    let [shaking, idle] = [(); 2].map(|()| now(&admission, ONE).expect("room"));
    shaking.slot().waits();
    shaking.slot().set_handshake(true);
    tokio::time::advance(Duration::from_secs(1)).await;
    idle.slot().waits();
    let idle = ends_when_closed(idle);
    let _second = admission.admit(OTHER).await.expect("room");
    idle.await.expect("closed");
    assert!(!shaking.slot().is_closed());
    ends_when_closed(shaking);
    admission.admit(OTHER).await.expect("room, in the end");
}

#[tokio::test(start_paused = true)]
async fn a_client_gets_its_share_and_makes_room_for_itself() {
    let admission = admission(4, 2);
    let (first, second) = (now(&admission, ONE).expect("room"), now(&admission, ONE).expect("room"));
    let other = now(&admission, OTHER).expect("room");
    for slot in [first.slot(), second.slot(), other.slot()] {
        slot.waits();
    }
    tokio::time::advance(Duration::from_secs(1)).await;
    let (first, second) = (ends_when_closed(first), ends_when_closed(second));
    admission.admit(ONE).await.expect("room of its own");
    tokio::task::yield_now().await;
    assert!(first.is_finished() != second.is_finished(), "one of the client's own");
    assert!(!other.slot().is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_uses_all_of_its_share_delays_others_once_and_is_then_refused() {
    let admission = admission(4, 1);
    let _busy = now(&admission, ONE).expect("room");
    let began = Instant::now();
    assert!(admission.admit(ONE).await.is_none());
    assert!((ROUND * PATIENCE..CLIENT_WINDOW).contains(&began.elapsed()));
    for _ in 0..100 {
        assert!(admission.admit(ONE).now_or_never().expect("at once").is_none());
    }
    now(&admission, OTHER).expect("room");
    tokio::time::advance(CLIENT_WINDOW * 2).await;
    assert!(admission.admit(ONE).now_or_never().is_none(), "it may wait again");
}

#[tokio::test(start_paused = true)]
async fn a_client_is_an_address_of_ipv4_or_a_network_of_ipv6() {
    let admission = admission(4, 1);
    let address = |text: &str| text.parse::<IpAddr>().expect("an address");
    let _one = now(&admission, address("2001:db8::1")).expect("room");
    assert!(now(&admission, address("2001:db8::ffff")).is_none(), "the same /64");
    let _another = now(&admission, address("2001:db8:0:1::1")).expect("another /64");
    let _four = now(&admission, address("192.0.2.1")).expect("room");
    assert!(now(&admission, address("::ffff:192.0.2.1")).is_none(), "the same, by a dual socket");
}

#[tokio::test(start_paused = true)]
async fn a_trusted_proxy_has_no_share_of_its_own() {
    let admission = admission(3, 1);
    let _all: Vec<_> = (0..3).map(|_| now(&admission, [198, 51, 100, 7].into()).expect("room")).collect();
}

#[tokio::test(start_paused = true)]
async fn nothing_is_remembered_of_clients_that_are_gone() {
    let admission = admission(1000, 1000);
    for number in 0..1000_u32 {
        drop(now(&admission, std::net::Ipv4Addr::from_bits(number).into()).expect("room"));
    }
    let table = admission.table();
    assert_eq!((table.slots.capacity(), table.clients.capacity()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_trusted_proxy_of_ipv6_is_known_by_its_whole_address() {
    let address = |text: &str| text.parse::<IpAddr>().expect("an address");
    for (trusted, proxy, other) in
        [("2001:db8::5", "2001:db8::5", "2001:db8::6"), ("2001:db8::/112", "2001:db8::7", "2001:db8::1:0")]
    {
        let trusted = trusted.parse().expect("a network");
        let capacity = Capacity { connections: 4, per_client: 1, trusted, memory: RequestMemory::default() };
        let admission = Admission::new(capacity);
        let _others = now(&admission, address(other)).expect("room");
        assert!(now(&admission, address(other)).is_none(), "one of the same /64 has its share");
        let _proxys = [(); 3].map(|()| now(&admission, address(proxy)).expect("no limit for a proxy"));
    }
}

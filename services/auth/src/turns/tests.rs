use std::pin::Pin;

use futures_util::FutureExt as _;

use super::*;

type Attempt = Pin<Box<dyn Future<Output = Result<Turn, Full>>>>;

fn requester(client: u8, name: &str) -> Requester {
    Requester { client: Some([192, 0, 2, client].into()), name: name.to_owned() }
}

/// An attempt that has begun to wait.
fn waiting(turns: &Turns, client: u8, name: &str) -> Attempt {
    let (turns, requester) = (turns.clone(), requester(client, name));
    let mut attempt: Attempt = Box::pin(async move { turns.acquire(&requester).await });
    assert!((&mut attempt).now_or_never().is_none(), "{client} {name} has its turn at once");
    attempt
}

/// Whether it has its turn now, which it gives back.
fn has_turn(attempt: &mut Attempt) -> bool {
    attempt.now_or_never().is_some_and(|turn| turn.is_ok())
}

fn is_refused(attempt: &mut Attempt) -> bool {
    matches!(attempt.now_or_never(), Some(Err(Full)))
}

async fn taken(turns: &Turns) -> Turn {
    turns.acquire(&Requester::default()).await.expect("a turn")
}

#[tokio::test]
async fn clients_take_turns_however_many_attempts_each_has() {
    let turns = Turns::new(1, 100);
    let turn = taken(&turns).await;
    let mut many = Vec::new();
    for _ in 0..50 {
        many.push(waiting(&turns, 1, "ann"));
    }
    let mut other = waiting(&turns, 2, "bob");
    drop(turn);
    assert!(has_turn(&mut many[0]) && has_turn(&mut other), "it is second, not fifty-first");
    assert!(has_turn(&mut many[1]));
}

#[tokio::test]
async fn names_of_one_client_take_turns() {
    let turns = Turns::new(1, 100);
    let turn = taken(&turns).await;
    let mut many = Vec::new();
    for _ in 0..50 {
        many.push(waiting(&turns, 1, "ann"));
    }
    let mut other = waiting(&turns, 1, "bob");
    drop(turn);
    assert!(has_turn(&mut many[0]) && has_turn(&mut other));
}

#[tokio::test]
async fn in_a_full_queue_the_newest_of_the_longest_gives_way() {
    let turns = Turns::new(1, 4);
    let _turn = taken(&turns).await;
    let mut many = Vec::new();
    for _ in 0..4 {
        many.push(waiting(&turns, 1, "ann"));
    }
    let _bob = waiting(&turns, 2, "bob");
    assert!(is_refused(&mut many[3]) && !is_refused(&mut many[2]));
    let _carl = waiting(&turns, 1, "carl");
    assert!(is_refused(&mut many[2]), "the same holds for names of one client");
    assert!(matches!(turns.acquire(&requester(1, "ann")).await, Err(Full)), "it has the most itself");
    // One attempt each: nobody is longer than the others.
    let _dora = waiting(&turns, 3, "dora");
    assert!(is_refused(&mut many[1]));
    assert!(matches!(turns.acquire(&requester(3, "dora")).await, Err(Full)));
}

#[tokio::test]
async fn who_goes_away_leaves_the_queue_and_gives_a_turn_back() {
    let turns = Turns::new(1, 3);
    let turn = taken(&turns).await;
    let (gone, granted, mut patient) =
        (waiting(&turns, 1, "ann"), waiting(&turns, 2, "bob"), waiting(&turns, 2, "bob"));
    drop(gone);
    drop(turn);
    // Its turn has come, and it goes away before it looks.
    drop(granted);
    assert!(has_turn(&mut patient));
    let state = turns.lock();
    assert_eq!((state.free, state.queue.len()), (1, 0));
}

#[tokio::test]
async fn there_are_never_more_turns_than_allowed() {
    let turns = Turns::new(2, 8);
    let (one, two) = (taken(&turns).await, taken(&turns).await);
    let mut third = waiting(&turns, 1, "ann");
    drop(one);
    let Some(Ok(turn)) = (&mut third).now_or_never() else { panic!("no turn") };
    let mut fourth = waiting(&turns, 1, "ann");
    drop((two, turn));
    assert!(has_turn(&mut fourth));
    assert_eq!(turns.lock().free, 2);
}

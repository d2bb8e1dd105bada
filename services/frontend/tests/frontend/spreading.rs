//! Requests take turns over several connections, and no connection is kept for ever: whoever answers at the upstream's
//! address, now or later, gets a share.
use std::time::Duration;

use frontend::Spread;

use crate::{edge::Edge, upstream::Upstream};

#[tokio::test]
async fn requests_take_turns_over_connections_that_are_kept() {
    let hello = Upstream::saying("", "{}").await;
    let edge = Edge::spreading(&hello, Spread { lanes: 3, ..Spread::default() }).await;
    for (sent, connections) in [(1, 1), (2, 2), (3, 3), (4, 3), (5, 3), (6, 3)] {
        assert_eq!(edge.get("/secure", "").await.status(), 200);
        assert_eq!(hello.connections(), connections, "after {sent} requests");
    }
}

#[tokio::test]
async fn a_connection_is_replaced_at_its_age() {
    let hello = Upstream::saying("", "{}").await;
    let edge = Edge::spreading(&hello, Spread { lanes: 1, renewed_after: Duration::ZERO }).await;
    for connections in 1..=5 {
        assert_eq!(edge.get("/secure", "").await.status(), 200);
        assert_eq!(hello.connections(), connections);
    }
}

//! A port that somebody else has (fault 17), and addresses that this machine has not.
use std::net::TcpListener;

use e2e::{Client, HealthPort, Program, Test};

use super::{alone, last_word};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        a_taken_port_is_named_with_its_setting,
        an_address_of_another_machine_is_named_with_its_setting,
        every_address_is_ipv4_and_ipv6,
    ]
}

async fn a_taken_port_is_named_with_its_setting() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for program in Program::SERVICES {
        for setting in ["HTTP_ADDR", "HEALTH_ADDR"] {
            let word = last_word(alone(program).set(setting, &address), 1).await;
            for part in [program.name(), &address, "already in use", &program.variable(setting)] {
                assert!(word.contains(part), "{part}: {word}");
            }
        }
    }
}

async fn an_address_of_another_machine_is_named_with_its_setting() {
    // Of a block that is for documentation only (RFC 5737).
    let word = last_word(alone(Program::Hello).set("HTTP_ADDR", "203.0.113.1:8080"), 1).await;
    assert!(word.contains("203.0.113.1:8080") && word.contains("HELLO_HTTP_ADDR"), "{word}");
}

/// `:8080` as in Go, and `localhost`, which browsers look for at either address. `0.0.0.0` is IPv4 alone.
async fn every_address_is_ipv4_and_ipv6() {
    let has_ipv6 = TcpListener::bind("[::1]:0").is_ok();
    for program in Program::SERVICES {
        for (address, on_ipv6) in [(":0", true), ("localhost:0", true), ("0.0.0.0:0", false)] {
            let launch = alone(program).set("HTTP_ADDR", address).set("HEALTH_ADDR", address);
            let mut process = launch.ready().await;
            let addresses = process.listening().await;
            let (http, health) = (addresses.http.port(), addresses.health.port());
            Client::new(format!("http://127.0.0.1:{http}")).version(200).await;
            HealthPort::new(format!("http://127.0.0.1:{health}")).liveness(200).await;
            if on_ipv6 && has_ipv6 {
                Client::new(format!("http://[::1]:{http}")).version(200).await;
                HealthPort::new(format!("http://[::1]:{health}")).liveness(200).await;
            } else {
                assert!(std::net::TcpStream::connect(("::1", http)).is_err(), "{address}");
            }
        }
    }
}

//! A port that somebody else has (fault 17), and addresses that this machine has not.
use std::net::TcpListener;

use e2e::{Program, Test};

use super::{alone, last_word};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![a_taken_port_is_named_with_its_setting, an_address_of_another_machine_is_named_with_its_setting]
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

//! Any text as a token, any two parts with a good signature, and any bytes as a key set.
#![no_main]

#[expect(dead_code, reason = "the tests need more of it")]
#[path = "../../crates/token/tests/token/fixtures.rs"]
mod fixtures;
#[path = "../../crates/token/tests/token/judgement.rs"]
mod judgement;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| judgement::assert_for_bytes(bytes));

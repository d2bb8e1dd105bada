//! Any header of a request or an answer, through the edge: what belongs to one connection stays on it, and what a client
//! says of itself reaches no upstream.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| frontend::assert_header_invariants(bytes));

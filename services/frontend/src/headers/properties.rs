//! Generated headers, as an ordinary test; `PROPTEST_CASES=1000000 cargo test -p frontend properties` looks further, and
//! the fuzz target further than that (`fuzz/`).
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use proptest::prelude::*;

use super::invariants::{KNOWN, assert_for_answer, assert_for_bytes, assert_for_request};

fn name() -> impl Strategy<Value = HeaderName> {
    let known = prop::sample::select(&KNOWN[..]).prop_map(HeaderName::from_static);
    let any = "[a-z0-9!#$%&'*+.^_`|~-]{1,20}".prop_map(|text| text.parse().expect("a token"));
    prop_oneof![4 => known, 1 => any]
}

/// Any bytes that hyper lets pass, with a liking for lists of field names, lengths and quotes.
fn value() -> impl Strategy<Value = HeaderValue> {
    let listed = prop::collection::vec(prop::sample::select(&KNOWN[..]), 1..4).prop_map(|names| names.join(" ,"));
    let odd = prop::sample::select(
        &["chunked", "gzip, chunked", "5", "5, 5", "close", "keep-alive, x-mine", "100-continue"][..],
    );
    let bytes =
        prop::collection::vec(prop_oneof![Just(b','), Just(b'"'), Just(b'\t'), 0x20_u8..0x7f, 0x80_u8..], 0..40);
    prop_oneof![listed.prop_map(String::into_bytes), odd.prop_map(|text| text.as_bytes().to_vec()), bytes,]
        .prop_map(|bytes| HeaderValue::from_bytes(&bytes).expect("bytes of a header"))
}

fn fields() -> impl Strategy<Value = Vec<(HeaderName, HeaderValue)>> {
    prop::collection::vec((name(), value()), 0..24)
}

fn header_of(fields: &[(HeaderName, HeaderValue)]) -> HeaderMap {
    fields.iter().cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_client_sends_reaches_an_upstream_only_where_it_may(
        fields in fields(),
        host in prop_oneof![Just("edge.test:8443"), Just("evil\"host"), Just("[::1]:1")],
        length in prop_oneof![Just(None), Just(Some(0)), any::<u64>().prop_map(Some)],
    ) {
        let mut sent = header_of(&fields);
        sent.insert(header::HOST, HeaderValue::from_static(host));
        assert_for_request(&sent, length);
    }

    #[test]
    fn what_an_upstream_sends_reaches_the_client_only_where_it_may(
        fields in fields(),
        head in any::<bool>(),
        status in prop::sample::select(&[200_u16, 204, 304, 404, 503][..]),
        length in prop_oneof![Just(None), any::<u32>().prop_map(|length| Some(u64::from(length)))],
    ) {
        let method = if head { Method::HEAD } else { Method::GET };
        let status = StatusCode::from_u16(status).expect("a status");
        assert_for_answer(&header_of(&fields), &method, status, length);
    }

    #[test]
    fn whatever_bytes_a_message_is_made_of_it_reaches_nobody_otherwise(
        kind in any::<u8>(),
        lines in prop::collection::vec((name(), value()), 0..24),
        bytes in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let mut message = vec![kind];
        for (name, value) in lines {
            message.extend_from_slice(name.as_str().as_bytes());
            message.push(b':');
            message.extend_from_slice(value.as_bytes());
            message.push(b'\n');
        }
        message.extend_from_slice(&bytes);
        assert_for_bytes(&message);
    }
}

//! Bodies and keys of what is pushed, whatever the wire.

use proptest::prelude::*;

use super::body::{kept_body, read_object};
use super::*;

#[test]
fn bodies_are_bounded_in_depth_whatever_stands_in_strings() {
    let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(read_object(nested(31).as_bytes()).is_ok());
    let deep = nested(32);
    let refused = read_object(deep.as_bytes()).expect_err("33 levels");
    assert_eq!(refused.kind, RejectionKind::Malformed);
    let brackets = format!("{{\"a\":\"{} \\\" {}\"}}", "[".repeat(99), "{".repeat(99));
    assert!(read_object(brackets.as_bytes()).is_ok());
    for wrong in [&b""[..], b"[]", b"{", b"nul", b"{\"a\":1}x", b"\xff\xfe{}", b"{\"a\":\"\xc3\"}"]
    {
        assert!(read_object(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn what_may_be_secret_is_dropped_at_every_depth() {
    let kept = kept_body(
        br#"{"a":[{"OneTimeCode":"123456","b":4111111111111111}],"Pin":[1,2],"c":null,"d":true}"#,
    );
    assert_eq!(
        kept.as_deref(),
        Some(
            r##"{"Pin":"(dropped)","a":[{"OneTimeCode":"(dropped)","b":"#"}],"c":null,"d":true}"##
        )
    );
    assert_eq!(kept_body(b"not JSON"), None);
    let marked = kept_body("\u{feff}{\"m\":\"Your code is 12 3456, x1\"}".as_bytes());
    assert_eq!(marked.as_deref(), Some(r##"{"m":"Your code is 12 #, x1"}"##));
    let long =
        kept_body(format!("{{\"a\":[{}0]}}", "\"ä\",".repeat(5_000)).as_bytes()).expect("JSON");
    assert_eq!(long.chars().count(), 4_096);
}

#[test]
fn parts_of_a_key_are_told_apart() {
    assert_eq!(repeat_key(&[b"ab", b"c"]), repeat_key(&[b"ab", b"c"]));
    assert_ne!(repeat_key(&[b"ab", b"c"]), repeat_key(&[b"a", b"bc"]));
    assert_ne!(repeat_key(&[b"abc"]), repeat_key(&[b"abc", b""]));
}

proptest! {
    #[test]
    fn no_bytes_are_too_odd_for_a_body(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_object(&bytes);
        let _ = kept_body(&bytes);
    }
}

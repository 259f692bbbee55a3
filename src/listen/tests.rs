//! What a path names, and who sent a request.

use super::*;

#[test]
fn a_path_names_an_account_and_may_have_a_secret() {
    let some =
        |account: &str, secret: Option<&str>| Some((account.to_owned(), secret.map(str::to_owned)));
    for (path, names) in [
        ("/acme", some("acme", None)),
        ("/acme/", some("acme", None)),
        ("/acme/s3cret", some("acme", Some("s3cret"))),
        ("/acme/a/b", some("acme", Some("a/b"))),
        ("/acme/s%2Fc%20t", some("acme", Some("s/c t"))),
        ("/", None),
        ("", None),
        ("acme", None),
        ("/%ff", None),
        ("/acme/%ff", None),
    ] {
        assert_eq!(names_of(path), names, "{path}");
    }
}

#[test]
fn only_a_proxy_on_this_machine_says_who_sent_a_request() {
    let ip = |text: &str| -> IpAddr { text.parse().expect("an address of the test") };
    let forwarded = |values: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        headers
    };
    let proxy = ip("127.0.0.1");
    for (peer, headers, sender) in [
        (proxy, forwarded(&[]), proxy),
        (proxy, forwarded(&["203.0.113.9"]), ip("203.0.113.9")),
        (proxy, forwarded(&["10.0.0.1, 203.0.113.9"]), ip("203.0.113.9")),
        (proxy, forwarded(&["10.0.0.1", "203.0.113.9"]), ip("203.0.113.9")),
        (ip("::ffff:127.0.0.1"), forwarded(&["203.0.113.9"]), ip("203.0.113.9")),
        (proxy, forwarded(&["unknown"]), proxy),
        (ip("198.51.100.7"), forwarded(&["203.0.113.9"]), ip("198.51.100.7")),
    ] {
        assert_eq!(sender_of(peer, &headers), sender, "{headers:?}");
    }
}

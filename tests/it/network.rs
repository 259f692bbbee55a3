//! Which way requests take: proxies of the environment, loopback, and what a proxy gets to see.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::command_line::{Bank, code, words};
use crate::pty::Terminal;

/// A proxy on loopback that answers every request with 502 and remembers what it was sent.
pub(crate) struct FakeProxy {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl FakeProxy {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port on loopback");
        let address = listener.local_addr().expect("its address");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heard);
        #[expect(
            clippy::disallowed_methods,
            reason = "a server of the test's own, outside of every runtime"
        )]
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let head = head(stream);
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(head);
            }
        });
        Self { address, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The head of a request, after which it is refused.
fn head(mut stream: TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0; 1]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        head.extend(byte);
    }
    let _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    String::from_utf8_lossy(&head).into_owned()
}

#[test]
fn a_proxy_variable_does_not_break_the_demo() {
    let nobody = "http://127.0.0.1:9";
    let environment =
        ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    let mut terminal = Terminal::demo_in(&environment.map(|name| (name, nobody)), 120, 40);
    terminal.until("four providers", |text| {
        ["artha OK", "banana OK", "enkash OK", "ibanera OK"].iter().all(|word| text.contains(word))
    });
    terminal.press("q");
    assert_eq!(terminal.end().0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn loopback_traffic_never_reaches_a_proxy_and_another_host_is_only_tunnelled_to() {
    let (bank, proxy) = (Bank::open().await, FakeProxy::start());
    // A fifth account at a host that only the proxy could reach, with credentials like the others'.
    let far = "\n[providers.far]\nkind = \"banana\"\nenvironment = \"sandbox\"\nbase_url = \"https://cards.example.invalid\"\n\
               merchant_id = \"m-1\"\n[providers.far.credentials]\nsecret_key = { env = \"FAR_SECRET\" }\n";
    let config = std::fs::read_to_string(&bank.config).expect("the configuration");
    std::fs::write(&bank.config, format!("{config}\n{far}")).expect("writing");
    let address = format!("http://mara:pr0xy-passw0rd@{}", proxy.address);
    let secret = "0123456789abcdef0123456789abcdef";
    let mut environment = vec![("FAR_SECRET", secret), ("NO_PROXY", "")];
    environment.extend(
        ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"]
            .map(|name| (name, address.as_str())),
    );

    let output = bank.run_in(&environment, &["providers", "--json"], "").await;
    assert_eq!(code(&output), 3, "{}", words(&output));
    let providers: Value = serde_json::from_slice(&output.stdout).expect("a list");
    let shown = format!("{} (https_proxy)", proxy.address);
    for provider in providers.as_array().expect("a list") {
        let far = provider["provider"] == "far";
        assert_eq!(provider["state"] == "OK", !far, "{provider}");
        assert_eq!(
            provider["proxy"],
            if far { Value::from(shown.as_str()) } else { Value::Null },
            "{provider}"
        );
    }
    let heard = proxy.heard();
    assert!(!heard.is_empty(), "the far account went another way");
    for head in &heard {
        assert!(head.starts_with("CONNECT cards.example.invalid:443 HTTP/1.1\r\n"), "{head}");
        for name in ["merchant", "x-hmac", "\r\nauthorization", "encrypted_payload", "m-1"] {
            assert!(!head.to_lowercase().contains(name), "{head}");
        }
    }
    let said = format!("{}{}", words(&output), String::from_utf8_lossy(&output.stdout));
    for secret in ["pr0xy-passw0rd", "mara", secret] {
        assert!(!said.contains(secret), "{said}");
    }
    // Excepted hosts are reached straight, proxy or not: this one does not exist.
    environment.retain(|(name, _)| *name != "NO_PROXY");
    environment.push(("no_proxy", ".example.invalid"));
    let before = proxy.heard().len();
    let output = bank.run_in(&environment, &["providers", "--json"], "").await;
    assert_eq!(code(&output), 3, "{}", words(&output));
    assert_eq!(proxy.heard().len(), before, "{:?}", proxy.heard());
}

//! The real program against servers whose certificates are wrong in every way: each is said in
//! plain words, and nothing is sent.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

use crate::harness::STATE;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates").join(name)
}

/// What `cardtop cards` says on standard error about a server that shows this certificate, and the
/// bytes that the server was sent.
fn said_about(certificate: &str, more: &str) -> (String, Vec<u8>) {
    let (output, sent) = run_against(certificate, more, "cards");
    (String::from_utf8_lossy(&output.stderr).into_owned(), sent)
}

/// How a command ends that meets a server that shows this certificate, and the bytes that the
/// server was sent.
pub(crate) fn run_against(certificate: &str, more: &str, command: &str) -> (Output, Vec<u8>) {
    let chain = vec![CertificateDer::from_pem_file(file(certificate)).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(file("server.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS");
    let server =
        Arc::new(server.with_no_client_auth().with_single_cert(chain, key).expect("a pair"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = listener.local_addr().expect("an address");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let serving = scope.spawn(|| {
            let mut sent = Vec::new();
            while let Ok((mut socket, _)) = listener.accept() {
                if done.load(Ordering::SeqCst) {
                    break;
                }
                let mut tls = ServerConnection::new(Arc::clone(&server)).expect("a connection");
                // Ends when the client closes, whatever the handshake came to.
                let _ = rustls::Stream::new(&mut tls, &mut socket).read_to_end(&mut sent);
            }
            sent
        });
        let folder = tempfile::tempdir().expect("a folder");
        let secret = "{ env = \"CARDTOP_TEST_SECRET\" }";
        let config = format!(
            "[providers.us]\nkind = \"ibanera\"\nenvironment = \"sandbox\"\nbase_url = \"https://LocalHost:{}\"\n{more}\n\
             [providers.us.credentials]\nusername = {secret}\npassword = {secret}\nshared_secret = {secret}\n",
            at.port()
        );
        std::fs::write(folder.path().join("c.toml"), config).expect("writing");
        let output = Command::new(env!("CARGO_BIN_EXE_cardtop"))
            .env("CARDTOP_STATE", STATE)
            .args(["--config", "c.toml", "--data", "data", command])
            .current_dir(folder.path())
            .env("CARDTOP_TEST_SECRET", "JBSWY3DPEHPK3PXP")
            .env("SSL_CERT_FILE", file("ca.pem"))
            .env_remove("SSL_CERT_DIR")
            .stdin(Stdio::null())
            .output()
            .expect("the program");
        done.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(at));
        (output, serving.join().expect("the server"))
    })
}

#[test]
fn a_wrong_certificate_is_said_in_plain_words_with_what_to_do_and_nothing_is_sent() {
    let pinned = format!("pin_certificate = \"{}\"", "7a".repeat(32));
    for (certificate, more, words) in [
        ("expired.pem", "", "its certificate expired on 2021-01-01: the provider must renew it"),
        ("not-yet-valid.pem", "", "not valid before 2100-01-01: check this machine's clock"),
        (
            "other-name.pem",
            "",
            "its certificate is for other.example.com, not for this host: check base_url",
        ),
        ("client-only.pem", "", "not meant for servers"),
        ("self-signed.pem", "", "signed by nobody whom this machine trusts"),
        ("ca-as-server.pem", "", "is that of a CA, used as a server's"),
        ("good.pem", &pinned, "its public key is not the one that pin_certificate names"),
    ] {
        let (said, sent) = said_about(certificate, more);
        assert!(said.contains(words), "{certificate}: {said}");
        assert!(said.contains("no connection to localhost:"), "{certificate}: {said}");
        for library in
            ["Context", "CaUsed", "UnknownIssuer", "invalid peer", "unexpected error", "EkuError"]
        {
            assert!(!said.contains(library), "{certificate}: {said}");
        }
        assert!(sent.is_empty(), "{certificate}: something was sent");
    }
    let pinned = "timeout = \"2s\"\npin_certificate = \
                  \"8b703a3066ee735a2f72648da4914203282f639ad02d194ecbf5518369e9c47f\"";
    let (said, sent) = said_about("good.pem", pinned);
    assert!(!sent.is_empty(), "the good one is talked to: {said}");
}

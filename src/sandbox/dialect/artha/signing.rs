//! Who calls artha: token, timestamp, nonce and the signature over all of them (artha wire notes,
//! 1.4 and 1.5).

use std::collections::HashMap;
use std::sync::LazyLock;

use data_encoding::BASE64;
use http::{Method, StatusCode};
use jiff::Timestamp;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::sha2::Sha256;
use rsa::signature::Verifier as _;

use super::TOKEN;
use crate::sandbox::call::{Call, Reply};
use crate::sandbox::crypto;
use crate::sandbox::json::{Body, object, text};

/// The caller's key. A test key, made for this sandbox: whoever can read this can sign with it, so
/// it guards nothing. 1024 bits, as the wire asks (1.5).
pub(in crate::sandbox) const TEST_PRIVATE_KEY: &str = "\
-----BEGIN RSA PRIVATE KEY-----
MIICXQIBAAKBgQCcEPPJSR2fkRfcLuM6e/CQjyG1yU0lzAYNPQvL/H6Qqn4snHlo
39EyIzncLXJ2SoIoV4Am6x1Jq0gMfS//litBBvU0T9SYH0Y3imQx89c5nnQ/O0nO
/W4PpuD+n6TUIax7Chi5qhLLi3hKkvrw1BM6H4Tejn2KfBbrwycvknzpzQIDAQAB
AoGBAI72zIvwSY25uVS/MvKJRMb4BxZi8CQWsNiBuoPDqiFVvT2anXFfzmASetdi
Xn9UI8VW2pNMP8kTeW3PZB/K7ZU217MUjJoV7LKixq5YDYjclSQPB2l7yPjYZwYJ
9owp8yz/7u///XiWMt5oW1qVkb28nzMNPu36BVr3S7nOZcB1AkEAyF2uAOsFQSvq
Opz9XIsI4HdZeQYUV0DCFVA6MOrtM2QBa7Q/WMdzTqA0uoYUKt/0vdiqvtFCrQb3
vgRB0MA7mwJBAMdmYVuq/FKgaqSVMdMezG9zQW3wO/oBKFPz80MFJbFwuqjnafo/
Y8T4x80zOCzAyg9XFQ1CthXBuP4VtZe+yrcCQQCxUrb7+QLdepAA748Kp8FjZjy4
7rhxv84ELsxRHphuMsNPHmYxm9Jgc0g3CxIuH6Xpnib+WRQ5LUFz2TCmHnqhAkBK
GfcGXPWmMy1Oeo9omOJ6bIedNpDjaLi28kqt1mTamz0S9eUBdbs7AQUncehnYUH2
D3OoWOlYDoUUD7dLbEDjAkBEh3/QT28MhIh6vQCz28UseO5IBTz0qeiZUIQUNtY9
bpdCwzqfV0tb5xhMkEFrjpVTAFu9NXGvxjBuiQZvLlIF
-----END RSA PRIVATE KEY-----
";

static VERIFYING_KEY: LazyLock<VerifyingKey<Sha256>> = LazyLock::new(|| {
    let private = rsa::RsaPrivateKey::from_pkcs1_pem(TEST_PRIVATE_KEY)
        .expect("the sandbox's own test key is a key");
    VerifyingKey::new(private.to_public_key())
});

/// Seconds that a timestamp may be off, either way (inferred; the window is not documented).
const WINDOW_SECONDS: i64 = 300;

/// Nonces of the last minutes, with the time of their use.
#[derive(Default)]
pub(super) struct Nonces(HashMap<String, Timestamp>);

impl Nonces {
    /// Headers and signature (1.4, 1.5).
    pub(super) fn check(&mut self, call: &Call, body: &Body, now: Timestamp) -> Result<(), Reply> {
        let bearer = call
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "))
            .unwrap_or_default();
        if !crypto::equal_secrets(TOKEN, bearer) {
            return Err(unauthorized("The token is not valid."));
        }
        let customer = call.header("customertoken");
        if customer.is_some_and(|customer| !crypto::equal_secrets(TOKEN, customer)) {
            return Err(unauthorized("The customer token is not valid."));
        }
        let timestamp = call.header("timestamp").unwrap_or_default();
        match timestamp.parse::<i64>() {
            Ok(at) if (now.as_second() - at).abs() <= WINDOW_SECONDS => {}
            Ok(_) => return Err(unauthorized("The timestamp is too old or too new.")),
            Err(_) => return Err(unauthorized("The timestamp is missing.")),
        }
        let nonce = call.header("nonce").unwrap_or_default();
        if nonce.chars().count() != 10 {
            return Err(unauthorized("The nonce must have 10 characters."));
        }
        self.0.retain(|_, used| now.duration_since(*used).as_secs() <= 2 * WINDOW_SECONDS);
        if self.0.contains_key(nonce) {
            return Err(unauthorized("The nonce was used before."));
        }
        let mut fields: Vec<(String, String)> =
            if call.method == Method::GET { Vec::new() } else { body.pairs().collect() };
        fields.push(("timestamp".to_owned(), timestamp.to_owned()));
        fields.push(("nonce".to_owned(), nonce.to_owned()));
        fields.push(("customerToken".to_owned(), customer.unwrap_or_default().to_owned()));
        let signature = call
            .header("signature")
            .and_then(|value| BASE64.decode(value.as_bytes()).ok())
            .and_then(|bytes| Signature::try_from(bytes.as_slice()).ok())
            .ok_or_else(|| unauthorized("The signature is missing."))?;
        VERIFYING_KEY
            .verify(canonical(fields).as_bytes(), &signature)
            .map_err(|_| unauthorized("The signature is not valid."))?;
        self.0.insert(nonce.to_owned(), now);
        Ok(())
    }
}

/// The text that is signed (1.5): headers of the protocol and fields of the body, without empty
/// ones, sorted by name.
pub(super) fn canonical(mut fields: Vec<(String, String)>) -> String {
    fields.retain(|(_, value)| !value.is_empty());
    fields.sort();
    fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

pub(super) fn unauthorized(why: &str) -> Reply {
    Reply::json(StatusCode::UNAUTHORIZED, object([("message", text(why))])).unauthenticated()
}

#[cfg(test)]
pub(in crate::sandbox) mod tests {
    use super::*;
    use rsa::signature::{SignatureEncoding as _, Signer as _};

    /// What a client signs, by the document's steps.
    pub(in crate::sandbox) fn sign(canonical: &str) -> String {
        let private = rsa::RsaPrivateKey::from_pkcs1_pem(TEST_PRIVATE_KEY).unwrap();
        let key = rsa::pkcs1v15::SigningKey::<Sha256>::new(private);
        BASE64.encode(&key.sign(canonical.as_bytes()).to_vec())
    }

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn the_signed_text_is_that_of_the_document() {
        let headers = [
            ("timestamp", "1739800000"),
            ("nonce", "a1B2c3D4e5"),
            ("customerToken", "tok-123"),
            ("signature", ""),
        ];
        let mut all = fields(&headers);
        assert_eq!(
            canonical(all.clone()),
            "customerToken=tok-123&nonce=a1B2c3D4e5&timestamp=1739800000"
        );
        all.extend(fields(&[
            ("cardId", "c4bf67ad-c353-45ce-9314-19922fdf0c55"),
            ("amount", "100"),
            ("signImage", ""),
        ]));
        assert_eq!(
            canonical(all),
            "amount=100&cardId=c4bf67ad-c353-45ce-9314-19922fdf0c55&customerToken=tok-123&\
             nonce=a1B2c3D4e5&timestamp=1739800000"
        );
    }
}

//! artha's own key, with which it signs what it pushes (artha wire notes, 1.5 and 4.1).

use std::sync::LazyLock;

use data_encoding::BASE64;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs1v15::SigningKey;
use rsa::sha2::Sha256;
use rsa::signature::{SignatureEncoding as _, Signer as _};

/// The signature of a text, in base64.
pub(super) fn sign(text: &str) -> String {
    BASE64.encode(&SIGNING_KEY.sign(text.as_bytes()).to_vec())
}

static SIGNING_KEY: LazyLock<SigningKey<Sha256>> = LazyLock::new(|| {
    let private = rsa::RsaPrivateKey::from_pkcs1_pem(PRIVATE_KEY)
        .expect("the sandbox's own test key is a key");
    SigningKey::new(private)
});

/// A test key, made for this sandbox: it guards nothing.
const PRIVATE_KEY: &str = "\
-----BEGIN RSA PRIVATE KEY-----
MIICXgIBAAKBgQDnfYh5eV4qq+ZJySmaDMiNdJCQGbp1EXSpplx9pR6THd+IGDGv
KOjx3hkIkcNwqfu78itc1HRQTia1Jy7Ws/wm25Lbg3IRcDpBb28UmaR/9lhgSn6X
TGP5+RcEkHKkmEJQL3pYx0h38d5cI6zydESn9vXTBN2GPSTwbQjulwYWLwIDAQAB
AoGBAI8Sdhvl2D51WfJ2owC0L+vFhGebjzM1o64KxRVezUPN7c7WbTa+CSMbyssS
FAH4/T4PEZ/hKzZK5v+FhRxrx0Yrm2fuTkpDBHHfAikq0rcQZHHROsTZkv0mPNz4
nTCO6QNLRrlXunmrsSK6mZ5dM0eH19ELJybJKMI/YrbSHvvZAkEA/9zdeGyToQLQ
+kvYfGnAQcTrNHiAaekX2SNNo9A0z9pUB8CI+q6LQRoLD5nwZTC30lORFGvvT/qp
cu7dcikoGwJBAOedUjlFdgPCH9JNuXaEC4WbefRj5/LbT/zPw44wzfdHkT2gDyzn
RmrcOs7DwLwAQjXQ9vGf1bwUN5e4wn8Sk30CQQCa5x+aMbnrB+Z3MoX9RJTl/I8d
dDriZAFRL4NowrvGfvrSuqjzg8rA/kBmEJ+u06DmkDtMbtAyzqHZ+G1PGUWzAkEA
iNDUtkIC0XuFgpwpFwovKDBMXQH7DOliGYu9D6xirlSXRhjbfgHsBcmr72GQ4z0f
31xd0yNAhUZIBJa+RYP6nQJACGPzRGXneeL1yaIclYlfUiaTEDFZ4pxld8KAP6xU
wiBCChpweJRkTyy1W8CGW4ezZsviXKugBj7pblRoYXcIqg==
-----END RSA PRIVATE KEY-----
";

/// What is handed out of it.
pub(super) const PUBLIC_KEY: &str = "\
-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDnfYh5eV4qq+ZJySmaDMiNdJCQ
Gbp1EXSpplx9pR6THd+IGDGvKOjx3hkIkcNwqfu78itc1HRQTia1Jy7Ws/wm25Lb
g3IRcDpBb28UmaR/9lhgSn6XTGP5+RcEkHKkmEJQL3pYx0h38d5cI6zydESn9vXT
BN2GPSTwbQjulwYWLwIDAQAB
-----END PUBLIC KEY-----
";

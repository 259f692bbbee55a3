//! How long a certificate is valid: the one thing that the TLS library checks and does not tell.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Tags of DER (X.690) on the way to the validity of a certificate (RFC 5280, 4.1).
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Until when a certificate is valid; `None` where it cannot be read.
pub(super) fn valid_until(certificate: &[u8]) -> Option<Timestamp> {
    let (whole, _) = value_of(certificate, SEQUENCE)?;
    let (mut rest, _) = value_of(whole, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = element(rest)?.2;
    }
    // Serial number, signature algorithm, issuer.
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (validity, _) = value_of(rest, SEQUENCE)?;
    let (tag, time, _) = element(element(validity)?.2)?;
    let text = std::str::from_utf8(time).ok()?;
    let civil = match tag {
        UTC_TIME => {
            let year: u8 = text.get(..2)?.parse().ok()?;
            let century = if year < 50 { "20" } else { "19" };
            DateTime::strptime("%Y%m%d%H%M%SZ", format!("{century}{text}")).ok()?
        }
        GENERALIZED_TIME => DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?,
        _ => return None,
    };
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// The first element: its tag, its value, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let joined = digits.iter().try_fold(0_usize, |length, digit| {
            length.checked_mul(256)?.checked_add(usize::from(*digit))
        });
        (joined?, rest)
    };
    let (value, after) = rest.split_at_checked(length)?;
    Some((tag, value, after))
}

/// The value of the first element, where it has this tag, and what follows it.
fn value_of(bytes: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, value, after) = element(bytes)?;
    (tag == wanted).then_some((value, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    fn of_file(name: &str) -> Option<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates/");
        let file = format!("{folder}{name}");
        let certificate = CertificateDer::from_pem_file(file).expect("a certificate");
        valid_until(&certificate).map(|at| at.strftime("%Y-%m-%d").to_string())
    }

    #[test]
    fn a_certificate_says_until_when_it_is_valid() {
        assert_eq!(of_file("expired.pem").as_deref(), Some("2021-01-01"));
        assert!(of_file("good.pem").is_some_and(|day| day.as_str() > "2030"), "in the far future");
    }

    #[test]
    fn what_is_no_certificate_is_not_read() {
        for bytes in [&b""[..], b"\x30", b"\x30\x82\xff\xff\x30", b"\x30\x89", b"no certificate"] {
            assert_eq!(valid_until(bytes), None, "{bytes:?}");
        }
    }
}

//! Parts of a request that several wires need.

use http::HeaderValue;

/// A header value that is not printed, compressed or kept by the client.
pub(in crate::provider) fn sensitive(text: &str) -> Result<HeaderValue, http::Error> {
    let mut value = HeaderValue::from_str(text)?;
    value.set_sensitive(true);
    Ok(value)
}

/// An id of a provider as one part of a path: what could leave the part is percent-encoded.
pub(in crate::provider) fn path_segment(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    push_segment(&mut out, id);
    out
}

/// Percent-encodes all but the unreserved characters of RFC 3986 at the end of a text.
pub(in crate::provider) fn push_segment(out: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'));
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

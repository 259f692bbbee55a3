//! How bytes are written as text, where an account's settings choose.

/// How bytes are written as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextEncoding {
    /// Base64, standard alphabet, padded.
    #[default]
    Base64,
    /// Base64, URL-safe alphabet, padded.
    Base64Url,
    /// Hexadecimal in lower case.
    Hex,
    /// Hexadecimal in upper case.
    HexUpper,
}

impl TextEncoding {
    /// The words of the configuration.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("base64", Self::Base64),
        ("base64url", Self::Base64Url),
        ("hex", Self::Hex),
        ("hex_upper", Self::HexUpper),
    ];

    /// The bytes as text.
    #[must_use]
    pub fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Base64 => data_encoding::BASE64.encode(bytes),
            Self::Base64Url => data_encoding::BASE64URL.encode(bytes),
            Self::Hex => data_encoding::HEXLOWER.encode(bytes),
            Self::HexUpper => data_encoding::HEXUPPER.encode(bytes),
        }
    }

    /// The bytes of a text; hexadecimal in either case.
    #[must_use]
    pub fn decode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Base64 => data_encoding::BASE64.decode(text.as_bytes()),
            Self::Base64Url => data_encoding::BASE64URL.decode(text.as_bytes()),
            Self::Hex | Self::HexUpper => {
                data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes())
            }
        }
        .ok()
    }
}

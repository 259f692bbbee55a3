//! What a body is that is not the JSON that was expected.

use std::fmt;
use std::sync::Arc;

/// What a body is that is not the JSON that was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyForm {
    /// Nothing.
    Empty,
    /// A web page: of the provider's server, or of something before it.
    WebPage,
    /// JSON that is cut or broken, or not of the wire's shape.
    BrokenJson,
    /// Other text, cleaned, at most 80 columns of it.
    Text(Arc<str>),
}

impl BodyForm {
    /// Says what the body is, and what a web page under this status tells.
    pub(in crate::provider) fn describe(
        &self,
        status: u16,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        write!(f, "HTTP {status} with ")?;
        match (self, status) {
            (Self::Empty, _) => f.write_str("an empty answer"),
            (Self::WebPage, 401 | 403 | 407 | 511) => f.write_str(
                "a web page from a proxy or firewall before the provider; nothing is known of the \
                 credentials",
            ),
            (Self::WebPage, 500..) => {
                f.write_str("a web page: its server, or a proxy before it, is in trouble")
            }
            (Self::WebPage, _) => {
                f.write_str("a web page instead of JSON; check base_url and any proxy between")
            }
            (Self::BrokenJson, _) => f.write_str("JSON that is cut or broken"),
            (Self::Text(start), _) => write!(f, "text that is not JSON: {start}"),
        }
    }
}

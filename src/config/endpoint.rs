//! The calls of a provider's wire: where each is sent, and that no two that must not meet are sent
//! to one place.

/// A call's path: its key under `[providers.NAME.paths]`, and the document's path below `base_url`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The last part of the default path, or a name where that part would not tell it from
    /// another.
    pub key: &'static str,
    /// Documented, or inferred where `docs/providers.md` says so.
    pub default_path: &'static str,
    /// What the call does.
    pub effect: Effect,
}

impl Endpoint {
    /// A call that only reads.
    #[must_use]
    pub const fn reads(key: &'static str, default_path: &'static str) -> Self {
        Self { key, default_path, effect: Effect::Reads }
    }

    /// A call that changes something.
    #[must_use]
    pub const fn changes(key: &'static str, default_path: &'static str) -> Self {
        Self { key, default_path, effect: Effect::Changes }
    }
}

/// What a call does at the provider. No other call may be sent to the path of one that changes
/// something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It reads.
    Reads,
    /// It moves money, or changes a card.
    Changes,
}

/// The endpoints of a wire as constants, and `ENDPOINTS`, the list of them all.
macro_rules! endpoints {
    ($($(#[$doc:meta])* $effect:ident $name:ident: $key:literal = $default_path:literal;)*) => {
        $(
            $(#[$doc])*
            pub const $name: $crate::config::endpoint::Endpoint =
                $crate::config::endpoint::Endpoint::$effect($key, $default_path);
        )*
        /// All calls of the wire.
        pub const ENDPOINTS: &[$crate::config::endpoint::Endpoint] = &[$($name),*];
    };
}
pub(crate) use endpoints;

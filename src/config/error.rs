//! What is wrong with a configuration.

/// What is wrong with a configuration, in one sentence with its file and line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

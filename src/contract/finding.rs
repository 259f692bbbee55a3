//! The fields of what `cardtop doctor` finds.

use std::time::Duration;

use super::table::Column;
use super::{Field, Kind, Record};
use crate::domain::card::ProviderId;

/// One thing that was looked at, and how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at.
    pub check: Check,
    /// The account that it is about; `None` for this machine.
    pub provider: Option<ProviderId>,
    /// How it is, in words that may be shown to anybody.
    pub what: String,
    /// What to do about it.
    pub advice: Option<String>,
    /// How long it took.
    pub took: Option<Duration>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It is as it should be.
    Ok,
    /// It works, and is to be mended.
    Warn,
    /// It does not work.
    Fail,
}

impl Level {
    /// The word of JSON and of the lines.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
        }
    }
}

macro_rules! checks {
    ($($(#[$doc:meta])* $name:ident $word:literal,)*) => {
        /// What is looked at: what others depend on comes first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Check {
            $($(#[$doc])* $name,)*
        }

        impl Check {
            /// The word of JSON and of the lines.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }

        fn checks() -> Vec<&'static str> {
            vec![$($word,)*]
        }
    };
}

checks! {
    /// The configuration file.
    Configuration "configuration",
    /// The folder of the data file.
    DataFolder "data-folder",
    /// The data file.
    DataFile "data-file",
    /// The journal in it.
    Journal "journal",
    /// Room on the disk.
    Disk "disk",
    /// A secret of an account.
    Secret "secret",
    /// What an account is set up from.
    Settings "settings",
    /// The proxy on the way.
    Proxy "proxy",
    /// The name of a host.
    Name "name",
    /// A connection to it.
    Connection "connection",
    /// TLS, the certificate and its pin.
    Tls "tls",
    /// The provider's clock against this machine's.
    Clock "clock",
    /// Whether the host speaks the wire of the account's kind.
    Wire "wire",
    /// Whether the credentials are taken.
    Login "login",
    /// The roster of an account.
    Roster "roster",
    /// The float.
    Float "float",
    /// The list of cards.
    Cards "cards",
    /// One card.
    Card "card",
    /// Transactions.
    Transactions "transactions",
    /// Words of the provider that have no meaning yet.
    Unmapped "unmapped",
    /// The address at which webhooks are received.
    Receiver "receiver",
    /// Whether what an account pushes can be verified.
    Webhooks "webhooks",
    /// The terminal and its clipboard.
    Terminal "terminal",
}

impl Record for Finding {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("level", Kind::Word(levels), LEVEL, |row| {
            row.record.level.as_str().into()
        }),
        Field::<Self>::new("check", Kind::Word(checks), "what was looked at", |row| {
            row.record.check.as_str().into()
        }),
        Field::<Self>::new("provider", Kind::Text, "the account that it is about", |row| {
            row.record.provider.as_ref().map(ProviderId::name).into()
        })
        .null("it is about this machine"),
        Field::<Self>::new("what", Kind::Text, WHAT, |row| (&*row.record.what).into()),
        Field::<Self>::new("do", Kind::Text, "what to do about it", |row| {
            row.record.advice.as_deref().into()
        })
        .null("there is nothing to do, or `what` says it"),
        Field::<Self>::new("took_ms", Kind::Count, "how long it took, in milliseconds", |row| {
            let took = row.record.took;
            took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)).into()
        })
        .null("it was not measured"),
    ];

    const COLUMNS: &'static [Column<Self>] = &[
        Column::left("LEVEL", |row, _| row.record.level.as_str().into()),
        Column::left("CHECK", |row, _| row.record.check.as_str().into()),
        Column::left("PROVIDER", |row, _| {
            row.record.provider.as_ref().map_or("", ProviderId::name).into()
        }),
        Column::left("WHAT", |row, _| (&*row.record.what).into()),
    ];
}

fn levels() -> Vec<&'static str> {
    [Level::Ok, Level::Warn, Level::Fail].map(Level::as_str).to_vec()
}

const LEVEL: &str = "OK: as it should be; WARN: it works, and is to be mended; FAIL: it does not \
                     work";

const WHAT: &str = "how it is, in words: no secret, no card number and no name of a person is in \
                    them";

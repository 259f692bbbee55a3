//! `[providers.NAME.lists]`: how an account's lists are asked for, and how their times are read.

use std::time::Duration;

use jiff::tz::{Offset, TimeZone};

use super::error::ConfigError;
use super::table::Table;

/// How lists are asked for and their times read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lists {
    /// Number of the first page, where pages have numbers.
    pub first_page: u32,
    /// Rows of a page.
    pub page_size: u16,
    /// Longest time that one list is asked for.
    pub span: Duration,
    /// How the ends of that time are written.
    pub dates: Dates,
    /// Name of the zone of times that say none.
    pub time_zone: String,
    /// Which amounts leave the card, where nothing but their sign says so.
    pub outgoing: Sign,
}

impl Default for Lists {
    fn default() -> Self {
        Self {
            first_page: 1,
            page_size: 50,
            span: Duration::from_secs(60 * 86_400),
            dates: Dates::default(),
            time_zone: "UTC".to_owned(),
            outgoing: Sign::default(),
        }
    }
}

impl Lists {
    /// The zone of times that say none. India's is known to every system.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or_else(|_| match self.time_zone.as_str() {
            INDIA => TimeZone::fixed(Offset::from_seconds(19_800).unwrap_or(Offset::UTC)),
            _ => TimeZone::UTC,
        })
    }
}

/// The one zone beside UTC that is known on a system without a time zone database: it has no
/// daylight saving time.
pub const INDIA: &str = "Asia/Kolkata";

/// A key of `[providers.NAME.lists]`. Each kind of provider names those that its lists have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListSetting {
    /// Number of the first page.
    FirstPage,
    /// Rows of a page.
    PageSize,
    /// Longest time that one list is asked for.
    Span,
    /// How the ends of that time are written.
    Dates,
    /// Zone of times that say none.
    TimeZone,
    /// Sign of the amounts that leave the card.
    Outgoing,
}

impl ListSetting {
    /// The key in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstPage => "first_page",
            Self::PageSize => "page_size",
            Self::Span => "span",
            Self::Dates => "dates",
            Self::TimeZone => "time_zone",
            Self::Outgoing => "outgoing",
        }
    }
}

/// How a moment is written in a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dates {
    /// `2025-02-18T00:00:00Z`.
    #[default]
    Rfc3339,
    /// Seconds since 1970.
    Unix,
    /// Milliseconds since 1970.
    UnixMillis,
    /// `2025-02-18`, in UTC.
    Day,
}

/// A sign of amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sign {
    /// Below zero.
    #[default]
    Negative,
    /// Above zero.
    Positive,
}

/// Reads the table over a kind's own defaults; any other key than `settings` is a mistake.
pub(super) fn read(
    account: &mut Table<'_>,
    settings: &[ListSetting],
    mut lists: Lists,
) -> Result<Lists, ConfigError> {
    let Some(mut table) = account.table("lists")? else { return Ok(lists) };
    table.only(&settings.iter().map(|setting| setting.as_str()).collect::<Vec<_>>())?;
    if let Some(first) =
        table.read("first_page", "0 or 1", |text| text.parse().ok().filter(|page| *page <= 1))?
    {
        lists.first_page = first;
    }
    let size = |text: &str| text.parse().ok().filter(|size| (1..=1_000).contains(size));
    if let Some(size) = table.read("page_size", "a number of rows from 1 to 1000", size)? {
        lists.page_size = size;
    }
    if let Some(span) = table.duration("span")? {
        lists.span = span.max(Duration::from_secs(60));
    }
    let dates = [
        ("rfc3339", Dates::Rfc3339),
        ("unix", Dates::Unix),
        ("unix_ms", Dates::UnixMillis),
        ("day", Dates::Day),
    ];
    if let Some(dates) = table.word("dates", &dates)? {
        lists.dates = dates;
    }
    let zone = |text: &str| (text == INDIA || TimeZone::get(text).is_ok()).then(|| text.to_owned());
    if let Some(zone) =
        table.read("time_zone", "\"UTC\" or a name such as \"Asia/Kolkata\"", zone)?
    {
        lists.time_zone = zone;
    }
    if let Some(sign) =
        table.word("outgoing", &[("negative", Sign::Negative), ("positive", Sign::Positive)])?
    {
        lists.outgoing = sign;
    }
    Ok(lists)
}

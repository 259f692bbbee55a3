//! `[board]`: how the board looks and behaves.

use std::path::Path;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::duration::read_duration;
use super::error::ConfigError;
use super::page::Page;
use super::table::Table;

/// `[board]`.
#[derive(Clone, Debug)]
pub struct Board {
    /// Which characters frames are drawn with.
    pub glyphs: Glyphs,
    /// Which background the colours are for.
    pub theme: ThemeChoice,
    /// How copied text reaches the clipboard.
    pub clipboard: Clipboard,
    /// Name of the time zone to show times in; `local` is the machine's.
    pub timezone: String,
    /// Idle time after which the board locks (reserved).
    pub lock_after: Duration,
    /// Whether the mouse is captured.
    pub mouse: bool,
    /// Whether the terminal may move rows that only change their place.
    pub scroll: bool,
    /// When clock and ages show seconds.
    pub seconds: Seconds,
    /// Which transactions are held in memory.
    pub in_memory: InMemory,
    /// Other keys than the board's own.
    pub keys: Vec<Keys>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            glyphs: Glyphs::Auto,
            theme: ThemeChoice::Auto,
            clipboard: Clipboard::Auto,
            timezone: "local".to_owned(),
            lock_after: Duration::from_secs(900),
            mouse: false,
            scroll: true,
            seconds: Seconds::Always,
            in_memory: InMemory::default(),
            keys: Vec::new(),
        }
    }
}

/// Which transactions the board holds in memory: the newest, up to a number and an age. Older ones
/// stay in the data file and are searched there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InMemory {
    /// How many at most.
    pub rows: usize,
    /// How old at most; of any age where not set.
    pub age: Option<Duration>,
}

impl Default for InMemory {
    fn default() -> Self {
        Self { rows: 10_000_000, age: None }
    }
}

/// Which characters frames are drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Box drawing where the locale is UTF-8 and not CJK, else ASCII.
    #[default]
    Auto,
    /// Box drawing.
    Unicode,
    /// `+`, `-` and `|`.
    Ascii,
}

/// Which background the colours are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    /// The terminal's: it is asked, and what it does not tell is not assumed.
    #[default]
    Auto,
    /// A dark one.
    Dark,
    /// A light one.
    Light,
}

/// How copied text reaches the clipboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clipboard {
    /// By a program of this machine where there is one and the session is not remote, else through
    /// the terminal.
    #[default]
    Auto,
    /// Through the terminal (OSC 52), which may ignore it.
    Osc52,
    /// By a program of this machine alone.
    Native,
    /// Not at all.
    Off,
}

/// When clock and ages show seconds, for which the board is drawn once a second, and once in five
/// after 30 s without a key; else once a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seconds {
    /// Always.
    #[default]
    Always,
    /// While the terminal has the focus. One that does not tell always has it.
    Focused,
    /// Never.
    Never,
}

/// A line of `[board.keys]`: the keys of a command, as they are written. The board's table of
/// commands knows whether there are such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The command's name.
    pub command: String,
    /// Its keys; none turns it off.
    pub chords: Vec<String>,
    /// Where it is written: file and line.
    pub place: String,
}

impl Keys {
    /// Reads a file that has nothing but such lines.
    ///
    /// # Errors
    /// One sentence with file and line.
    pub fn read(text: &str, path: &Path) -> Result<Vec<Self>, ConfigError> {
        let page = Page { text, path };
        let parsed = DeTable::parse(text)
            .map_err(|error| page.error(error.span().unwrap_or(0..0), error.message().trim()))?;
        keys(Table::new(&page, String::new(), parsed.span(), parsed.get_ref()))
    }
}

/// Reads `[board]`.
pub(super) fn read(mut table: Table<'_>) -> Result<Board, ConfigError> {
    table.only(&[
        "glyphs",
        "theme",
        "clipboard",
        "timezone",
        "lock_after",
        "mouse",
        "scroll",
        "seconds",
        "rows_in_memory",
        "in_memory",
        "keys",
    ])?;
    let default = Board::default();
    let glyphs = table.word(
        "glyphs",
        &[("auto", Glyphs::Auto), ("unicode", Glyphs::Unicode), ("ascii", Glyphs::Ascii)],
    )?;
    let theme = table.word(
        "theme",
        &[("auto", ThemeChoice::Auto), ("dark", ThemeChoice::Dark), ("light", ThemeChoice::Light)],
    )?;
    let clipboard = table.word(
        "clipboard",
        &[
            ("auto", Clipboard::Auto),
            ("osc52", Clipboard::Osc52),
            ("native", Clipboard::Native),
            ("off", Clipboard::Off),
        ],
    )?;
    let timezone = table.read(
        "timezone",
        "\"local\", \"UTC\" or a name such as \"Europe/Stockholm\"",
        |text| (text == "local" || jiff::tz::TimeZone::get(text).is_ok()).then(|| text.to_owned()),
    )?;
    let lock_after = table.duration("lock_after")?;
    let mouse = table.flag("mouse")?;
    let scroll = table.flag("scroll")?;
    let seconds = table.word(
        "seconds",
        &[("always", Seconds::Always), ("focused", Seconds::Focused), ("never", Seconds::Never)],
    )?;
    let in_memory = in_memory(&mut table)?;
    let keys = table.table("keys")?.map(keys).transpose()?;
    Ok(Board {
        glyphs: glyphs.unwrap_or(default.glyphs),
        theme: theme.unwrap_or(default.theme),
        clipboard: clipboard.unwrap_or(default.clipboard),
        timezone: timezone.unwrap_or(default.timezone),
        lock_after: lock_after.unwrap_or(default.lock_after),
        mouse: mouse.unwrap_or(default.mouse),
        scroll: scroll.unwrap_or(default.scroll),
        seconds: seconds.unwrap_or(default.seconds),
        in_memory,
        keys: keys.unwrap_or_default(),
    })
}

/// Fewer rows than this are no board, and more are beyond what a ledger counts.
const ROWS_IN_MEMORY: std::ops::RangeInclusive<usize> = 1_000..=1_000_000_000;

fn in_memory(table: &mut Table<'_>) -> Result<InMemory, ConfigError> {
    const DAY: Duration = Duration::from_secs(86_400);
    let wanted = "a number of rows from 1_000 to 1_000_000_000, such as 10_000_000";
    let rows = table.read("rows_in_memory", wanted, |text| {
        text.replace('_', "").parse().ok().filter(|rows| ROWS_IN_MEMORY.contains(rows))
    })?;
    let wanted = "a duration from \"1d\" to \"36500d\", such as \"400d\"; without the line there \
                  is no limit of age";
    let age = table.read("in_memory", wanted, |text| {
        read_duration(text).filter(|age| (DAY..=36_500 * DAY).contains(age))
    })?;
    Ok(InMemory { rows: rows.unwrap_or(InMemory::default().rows), age })
}

/// Reads commands and chords as text, in the order of the file: what they mean is known by the
/// board alone.
fn keys(table: Table<'_>) -> Result<Vec<Keys>, ConfigError> {
    let page = table.page();
    let mut keys = Vec::new();
    for (command, span, value) in table.into_entries() {
        let text = |value: &DeValue<'_>| {
            if let DeValue::String(text) = value { Some(text.to_string()) } else { None }
        };
        let chords = match value {
            DeValue::Array(several) => several.iter().map(|value| text(value.get_ref())).collect(),
            single => text(single).map(|chord| vec![chord]),
        };
        let Some(chords) = chords else {
            let words = format!(
                "board.keys.{command} is not a key: write one such as \"x\", several such as \
                 [\"x\", \"f2\"], or none: []"
            );
            return Err(page.error(span, &words));
        };
        keys.push((span.start, Keys { place: page.place(span), command, chords }));
    }
    keys.sort_by_key(|(start, _)| *start);
    Ok(keys.into_iter().map(|(_, keys)| keys).collect())
}

//! The file as a whole: its tables, each read in a file of its own.

use std::net::SocketAddr;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::page::Page;
use super::table::Table;
use super::{Board, Config, Listen, ProviderKind, account, board};

/// Checks a configuration. Relative paths in it are relative to its own folder.
pub(super) fn parse<A>(
    text: &str,
    path: &Path,
    kinds: &[&'static ProviderKind<A>],
) -> Result<Config<A>, ConfigError> {
    let page = Page { text, path };
    let parsed = toml(&page)?;
    let mut top = Table::new(&page, String::new(), parsed.span(), parsed.get_ref());
    top.only(&["board", "providers", "listen"])?;
    let board = top.table("board")?.map(board::read).transpose()?.unwrap_or_default();
    let listen = top.table("listen")?.map(read_listen).transpose()?.unwrap_or_default();
    let mut providers = Vec::new();
    if let Some(table) = top.table("providers")? {
        for (name, span, value) in table.into_entries() {
            let DeValue::Table(entries) = value else {
                return Err(page.error(
                    span,
                    &format!("providers.{name} is not a table: write [providers.{name}]"),
                ));
            };
            let start = span.start;
            let table = Table::new(&page, format!("providers.{name}"), span, entries);
            providers.push((start, account::read(&name, table, kinds)?));
        }
    }
    // The parser sorts keys by name; accounts are shown in the order of the file.
    providers.sort_by_key(|(start, _)| *start);
    Ok(Config {
        board,
        providers: providers.into_iter().map(|(_, provider)| provider).collect(),
        listen,
        path: Some(path.to_owned()),
    })
}

/// Reads `[listen]`.
fn read_listen(mut table: Table<'_>) -> Result<Listen, ConfigError> {
    table.only(&["enabled", "addr"])?;
    let default = Listen::default();
    Ok(Listen {
        enabled: table.flag("enabled")?.unwrap_or(default.enabled),
        addr: table
            .read("addr", "an address with a port, such as \"127.0.0.1:8787\"", |text| {
                text.parse::<SocketAddr>().ok()
            })?
            .unwrap_or(default.addr),
    })
}

/// Checks `[board]` and nothing else.
pub(super) fn parse_board(text: &str, path: &Path) -> Result<Board, ConfigError> {
    let page = Page { text, path };
    let parsed = toml(&page)?;
    let mut top = Table::new(&page, String::new(), parsed.span(), parsed.get_ref());
    Ok(top.table("board")?.map(board::read).transpose()?.unwrap_or_default())
}

fn toml<'a>(page: &Page<'a>) -> Result<Spanned<DeTable<'a>>, ConfigError> {
    DeTable::parse(page.text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        match (error.message().trim(), page.text.get(span.clone())) {
            ("duplicate key", Some(key)) => {
                page.error(span, &format!("`{key}` is written twice: keep one"))
            }
            (words, _) => page.error(span, words),
        }
    })
}

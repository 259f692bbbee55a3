//! The file as a whole: its tables, each read in a file of its own.

use std::net::SocketAddr;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::page::Page;
use super::table::Table;
use super::{Board, Config, ProviderKind, account, board};

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
    let listen = match top.table("listen")? {
        Some(mut table) => {
            table.only(&["addr"])?;
            table.read("addr", "an address such as \"127.0.0.1:8787\"", |text| {
                text.parse::<SocketAddr>().ok()
            })?
        }
        None => None,
    };
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

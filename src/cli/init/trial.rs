//! One real read of an account that was just described: over its own adapter and the network,
//! without the data file.

use tokio::time::Instant;

use crate::clock::Clock;
use crate::config::roster;
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::domain::text::{of_path, thousands};
use crate::provider::http::Http;
use crate::provider::{self, Error, ErrorKind, Page, PageCursor, Provider, ProviderConfig};

/// Reads the list of cards; where there is none, a card of the roster; without a roster the float.
/// What came back, in one sentence.
///
/// # Errors
/// What is wrong, and what to do where that is known, in one sentence.
pub(super) async fn read(account: &ProviderConfig, clock: &Clock) -> Result<String, String> {
    let name = account.name.name();
    let wrong = |words: String| format!("{name}: {words}");
    let http = Http::over_network(account, clock.clone()).map_err(wrong)?;
    let of = account.clone();
    // It reads the secrets, and may wait for a program that gives one.
    let built = tokio::task::spawn_blocking(move || provider::build(&of, http)).await;
    let built = built.map_err(|_| wrong("its adapter could not be made".to_owned()))?;
    let adapter = built.map_err(wrong)?;
    let began = Instant::now();
    let came = ask(&*adapter, account).await?;
    Ok(format!("{name} answered in {} ms: {came}.", began.elapsed().as_millis()))
}

async fn ask(adapter: &dyn Provider, account: &ProviderConfig) -> Result<String, String> {
    let first = PageCursor { number: 0, offset: 0, size: account.lists.page_size };
    match adapter.cards(first).await {
        Ok(page) => return Ok(of_list(&page)),
        Err(error) if error.kind == ErrorKind::NotOffered => {}
        Err(error) => return Err(said(&error, account)),
    }
    if let Some(path) = &account.roster {
        let read = roster::read(&account.name, account.ids().cards, path);
        let roster = read.map_err(|error| error.to_string())?;
        let Some(card) = roster.cards.first() else {
            return Err(format!("{}: the roster {} has no card", account.name, of_path(path)));
        };
        let card = adapter.card(&card.card()).await.map_err(|error| said(&error, account))?;
        return Ok(of_card(&card));
    }
    let float = adapter.float().await.map_err(|error| said(&error, account))?;
    let float: Vec<String> = float.iter().map(Money::to_string).collect();
    Ok(format!("its float is {}", float.join(", ")))
}

fn of_list(page: &Page<Card>) -> String {
    let whole = if page.is_all { "its list" } else { "the first page of its list" };
    let cards = |number: usize| match number {
        1 => "1 card".to_owned(),
        number => format!("{} cards", thousands(number)),
    };
    let read = format!("{whole} has {}", cards(page.items.len() + page.skipped.len()));
    match page.skipped.first() {
        None => read,
        Some(first) => {
            format!("{read}, but {} cannot be read ({})", cards(page.skipped.len()), first.why)
        }
    }
}

fn of_card(card: &Card) -> String {
    let holds = card.available().map(|money| format!(" with {money}")).unwrap_or_default();
    format!(
        "the roster's first card, {} {}, is {}{holds}",
        card.digits(),
        card.key.id,
        card.state.as_str()
    )
}

/// An error with what to do where its kind says more than its words.
fn said(error: &Error, account: &ProviderConfig) -> String {
    let mend = match error.kind {
        ErrorKind::Unreachable | ErrorKind::BadReply => "check base_url and the network",
        ErrorKind::Forbidden => "ask the provider whether these credentials may read cards",
        ErrorKind::NotFound if account.roster.is_some() => {
            "check base_url, and the roster's first card"
        }
        ErrorKind::NotFound => "check base_url",
        ErrorKind::Auth | ErrorKind::RateLimited | ErrorKind::Refused | ErrorKind::NotOffered => {
            return error.to_string();
        }
    };
    format!("{}; {mend}", error.to_string().trim_end_matches('.'))
}

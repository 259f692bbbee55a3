//! docs/contract.md says what is printed: its tables are made here and compared with the page.

use std::path::Path;

use super::EXIT_CODES;
use crate::contract::reference::{Reference, failure_kinds, filter_aliases};
use crate::contract::{
    BulkLine, DeliveryReport, Failure, Finding, HealthNews, Heartbeat, JournalCheck, Missing,
    PlannedChange, ProviderFacts, Reconciled, Report, RosterCheck, RowBefore, StateBefore,
};
use crate::domain::card::Card;
use crate::domain::operation::{Operation, Step};
use crate::domain::transaction::Transaction;

/// Where a part of the page begins and ends that is made here.
fn marks(name: &str) -> (String, String) {
    (format!("<!-- made: {name} -->\n"), format!("<!-- end: {name} -->"))
}

/// Every part that is made, by its name in the page.
fn parts() -> Vec<(String, String)> {
    let mut parts = Vec::new();
    let mut add = |name: &str, text: String| parts.push((name.to_owned(), text));
    let card = Reference::of::<Card>();
    let transaction = Reference::of::<Transaction>();
    let operation = Reference::of::<Operation>();
    let provider = Reference::of::<ProviderFacts>();
    let step = Reference::of::<Step>();
    let journal = Reference::of::<JournalCheck>();
    let finding = Reference::of::<Finding>();
    let would = Reference::of::<PlannedChange>();
    let delivery = Reference::of::<DeliveryReport>();
    let reconciled = Reference::of::<Reconciled>();
    let roster = Reference::of::<RosterCheck>();
    let bulk = Reference::of::<BulkLine>();
    for (name, reference) in
        [("card", card), ("transaction", transaction), ("operation", operation)]
    {
        add(&format!("{name} json"), reference.json);
        add(&format!("{name} csv"), reference.csv);
        add(&format!("{name} filter"), reference.filter);
    }
    for (name, reference) in [
        ("provider", provider),
        ("step", step),
        ("journal", journal),
        ("would", would),
        ("delivery", delivery),
        ("reconciled", reconciled),
        ("roster", roster),
        ("bulk", bulk),
        ("finding", finding),
    ] {
        add(&format!("{name} json"), reference.json);
        add(&format!("{name} csv"), reference.csv);
    }
    add("report json", Reference::of::<Report>().json);
    add("row before json", Reference::of::<RowBefore>().json);
    add("state before json", Reference::of::<StateBefore>().json);
    add("health json", Reference::of::<HealthNews>().json);
    add("heartbeat json", Reference::of::<Heartbeat>().json);
    add("missing json", Reference::of::<Missing>().json);
    add("error json", Reference::of::<Failure>().json);
    add("error kinds", failure_kinds());
    add("filter aliases", filter_aliases());
    let codes = EXIT_CODES.split_once("Exit codes:\n").map_or("", |(_, codes)| codes);
    add("exit codes", format!("```\n{codes}\n```\n"));
    parts
}

#[test]
fn the_page_about_the_contract_has_every_field_exactly_as_it_is_printed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/contract.md");
    let page = std::fs::read_to_string(&path).expect("docs/contract.md");
    let mut made = page.clone();
    for (name, text) in parts() {
        let (begin, end) = marks(&name);
        let (before, rest) = made
            .split_once(&begin)
            .unwrap_or_else(|| panic!("docs/contract.md has no line {begin}"));
        let (_, after) =
            rest.split_once(&end).unwrap_or_else(|| panic!("docs/contract.md has no line {end}"));
        made = format!("{before}{begin}{text}{end}{after}");
    }
    if made == page {
        return;
    }
    if std::env::var_os("CARDTOP_WRITE_DOCS").is_some() {
        std::fs::write(&path, made).expect("writing docs/contract.md");
        return;
    }
    let differs = made.lines().zip(page.lines()).find(|(made, page)| made != page);
    panic!(
        "docs/contract.md is not what cardtop prints: {differs:#?}\nto write its tables anew: \
         CARDTOP_WRITE_DOCS=1 cargo test --lib page_about_the_contract"
    );
}

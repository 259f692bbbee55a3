//! Who may import whom. The table of ARCHITECTURE.md says the same, and no two modules import each
//! other.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// Each room with the rooms that it may import, from the bottom up: a room imports only what is
/// above it in this list.
pub(super) const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &[]),
    ("memory", &[]),
    ("priority", &[]),
    ("files", &["domain"]),
    ("contract", &["domain"]),
    ("ledger", &["domain", "files"]),
    ("config", &["domain", "files"]),
    ("store", &["domain", "files"]),
    ("provider", &["domain", "config", "clock", "store"]),
    ("sandbox", &["domain", "clock"]),
    ("engine", &["domain", "config", "clock", "ledger", "provider", "store"]),
    ("listen", &["engine"]),
    ("app", &["domain", "config", "contract", "ledger", "engine"]),
    ("ui", &["domain", "config", "app", "engine"]),
    ("tty", &["app", "ui", "config"]),
    ("run", &["domain", "config", "clock", "engine", "app", "ui", "tty"]),
    (
        "cli",
        &[
            "domain", "config", "clock", "files", "contract", "engine", "provider", "sandbox",
            "listen", "run", "tty", "app", "ui",
        ],
    ),
    ("main", &["cli", "memory", "priority"]),
    ("lib", &[]),
];

/// Rooms of which another room may import only some items.
const NARROW: &[(&str, &str, &[&str])] = &[
    // Two readings of a wire share nothing but money and text.
    ("sandbox", "domain", &["money", "text"]),
    // The store gives the permission to send a change, and a provider uses it up.
    ("provider", "store", &["Permit"]),
];

/// Imports that the rooms do not allow, one sentence each.
pub(super) fn forbidden_imports(sources: &[Source]) -> Vec<String> {
    let allowed: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    let rooms: BTreeSet<&str> = sources.iter().map(Source::room).collect();
    let mut wrong = BTreeSet::new();
    for source in sources {
        let Some(targets) = allowed.get(source.room()) else {
            wrong.insert(format!("{} is in a room that the house does not know", source.file));
            continue;
        };
        for path in source.paths() {
            let Some(to) = path.first() else { continue };
            let known = rooms.contains(to.as_str()) || allowed.contains_key(to.as_str());
            if known && to != source.room() && !targets.contains(&to.as_str()) {
                wrong.insert(format!("{} imports {}", source.file, path.join("::")));
            }
            let forbidden = NARROW.iter().any(|(from, room, items)| {
                source.room() == *from
                    && to == room
                    && !path.get(1).is_some_and(|item| items.contains(&item.as_str()))
            });
            if forbidden {
                wrong.insert(format!("{} imports {}", source.file, path.join("::")));
            }
        }
    }
    wrong.into_iter().collect()
}

/// Groups of modules that import each other, each sorted. A module and those inside it count as
/// one place: a child may name its parent's items.
pub(super) fn circles(sources: &[Source]) -> Vec<Vec<String>> {
    let modules: Vec<Vec<String>> = sources.iter().map(Source::module).collect();
    let known: BTreeSet<&[String]> = modules.iter().map(Vec::as_slice).collect();
    let mut edges: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); modules.len()];
    let index: BTreeMap<&[String], usize> =
        modules.iter().enumerate().map(|(index, module)| (module.as_slice(), index)).collect();
    for (from, source) in sources.iter().enumerate() {
        for path in source.paths() {
            let to = (1..=path.len()).rev().find_map(|length| {
                let module = path.get(..length)?;
                known.contains(module).then(|| index.get(module).copied()).flatten()
            });
            if let (Some(to), Some(one)) = (to, modules.get(from))
                && let Some(other) = modules.get(to)
                && !one.starts_with(other)
                && !other.starts_with(one)
                && let Some(edges) = edges.get_mut(from)
            {
                edges.insert(to);
            }
        }
    }
    let reach = |from: usize| {
        let mut seen = BTreeSet::new();
        let mut next: Vec<usize> = edges.get(from).into_iter().flatten().copied().collect();
        while let Some(at) = next.pop() {
            if seen.insert(at) {
                next.extend(edges.get(at).into_iter().flatten());
            }
        }
        seen
    };
    let reached: Vec<BTreeSet<usize>> = (0..modules.len()).map(reach).collect();
    let both = |a: usize, b: usize| {
        reached.get(a).is_some_and(|set| set.contains(&b))
            && reached.get(b).is_some_and(|set| set.contains(&a))
    };
    let mut circles: BTreeSet<Vec<String>> = BTreeSet::new();
    for at in 0..modules.len() {
        let mut circle: Vec<String> = (0..modules.len())
            .filter(|other| both(at, *other))
            .filter_map(|other| modules.get(other).map(|module| module.join("::")))
            .collect();
        circle.sort();
        if !circle.is_empty() {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

/// The rooms of the table in ARCHITECTURE.md, by name, each with what it may import.
///
/// # Panics
/// When the table is not there.
pub(super) fn documented(paper: &str) -> BTreeMap<String, BTreeSet<String>> {
    let rows = paper
        .lines()
        .skip_while(|line| !line.starts_with("| room | what it is | may import |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let table: BTreeMap<String, BTreeSet<String>> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
            let name = cell(1).trim_matches('`').trim_start_matches("src/").trim_end_matches(".rs");
            let imports = cell(3).split(',').map(str::trim).filter(|room| *room != "nothing");
            (name.to_owned(), imports.map(str::to_owned).collect())
        })
        .collect();
    assert!(table.len() > 10, "ARCHITECTURE.md has no table of rooms");
    table
}

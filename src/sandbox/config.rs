//! Writes what a client needs to reach the sandbox from outside: a configuration, its secrets as
//! private files, rosters. Never a secret in the configuration itself.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;

use super::bank::Card;
use super::dialect::{ConfigEntry, Credential, Roster, Setting};
use super::{Dialect, Sandbox, Scenario};

/// See [`Sandbox::write_config`].
pub(super) fn write(
    sandbox: &Sandbox,
    base: &dyn Fn(Dialect) -> String,
    path: &Path,
) -> io::Result<()> {
    let beside = path.parent().unwrap_or_else(|| Path::new(""));
    let stem = path
        .file_stem()
        .map_or_else(|| "cardtop".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let folder = format!("{stem}.secrets");
    if !beside.as_os_str().is_empty() {
        fs::create_dir_all(beside)?;
    }
    private_folder(&beside.join(&folder))?;
    let options = &sandbox.0.options;
    let mut lines = introduction();
    lines.extend(options.webhooks.and_then(|webhooks| webhooks.to).into_iter().flat_map(listen));
    for dialect in Dialect::ALL {
        let mut entry = dialect.wire().config_entry(&base(dialect), &options.scenarios);
        if options.scenarios.contains(&Scenario::ForeignTopUps) {
            // On loopback a client takes every credit for its own unless it is told otherwise.
            entry.settings.push(("others_top_up", Setting::Flag(true)));
        }
        let of_webhooks =
            options.webhooks.and_then(|webhooks| dialect.wire().webhook_credential(&webhooks));
        let credentials: Vec<&Credential> =
            entry.credentials.iter().chain(of_webhooks.as_ref()).collect();
        for credential in &credentials {
            private_file(&beside.join(&folder).join(credential.file), credential.secret)?;
        }
        let roster_name = format!("{stem}.{}-cards.csv", dialect.name());
        if let Some(columns) = entry.roster {
            let csv = roster(&sandbox.endpoint(dialect).bank.cards, columns)?;
            private_file(&beside.join(&roster_name), csv)?;
        }
        lines.extend(table(dialect.name(), &entry, &credentials, &folder, &roster_name));
    }
    private_file(path, lines.join("\n"))
}

fn roster(cards: &[Card], columns: Roster) -> io::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["id", "user_id", "holder", "last4", "currency", "kind", "label"])?;
    for (i, card) in cards.iter().enumerate() {
        let holder_id = match columns {
            Roster::Cards => "",
            Roster::CardsAndHolders => card.holder_id.as_str(),
        };
        let kind = if card.physical { "physical" } else { "virtual" };
        let label = if i == 0 { "vip" } else { "" };
        csv.write_record([
            &card.id,
            holder_id,
            &card.holder(),
            card.last4(),
            card.currency.code(),
            kind,
            label,
        ])?;
    }
    csv.into_inner().map_err(|problem| io::Error::other(problem.to_string()))
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|c| match c {
            '"' | '\\' => vec!['\\', c],
            c if c.is_control() => Vec::new(),
            c => vec![c],
        })
        .collect();
    format!("\"{escaped}\"")
}

fn introduction() -> Vec<String> {
    let count = in_words(Dialect::ALL.len());
    vec![
        format!(
            "# The built-in sandbox: {count} simulated providers that speak the {count} real wires \
             on this machine."
        ),
        "# No real money, no real cards. Paths are relative to this file; secrets are in their \
         own files."
            .to_owned(),
        String::new(),
    ]
}

fn in_words(count: usize) -> String {
    let words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    words.get(count).map_or_else(|| count.to_string(), |&word| word.to_owned())
}

/// The lines of the table about webhooks: where they are sent to is where they are waited for.
fn listen(addr: SocketAddr) -> Vec<String> {
    let addr = quoted(&addr.to_string());
    vec![
        "[listen]".to_owned(),
        "enabled = true".to_owned(),
        format!("addr = {addr}"),
        String::new(),
    ]
}

/// The lines of a provider's table.
fn table(
    name: &str,
    entry: &ConfigEntry,
    credentials: &[&Credential],
    folder: &str,
    roster_name: &str,
) -> Vec<String> {
    let mut lines: Vec<String> = entry.comment.iter().map(|line| format!("# {line}")).collect();
    lines.push(format!("[providers.{name}]"));
    lines.push(format!("kind = {}", quoted(name)));
    lines.push("environment = \"sandbox\"".to_owned());
    lines.extend(entry.urls.iter().map(|(key, url)| format!("{key} = {}", quoted(url))));
    if entry.roster.is_some() {
        lines.push(format!("roster = {}", quoted(roster_name)));
    }
    lines.push("rate_limit = \"1200/min\"".to_owned());
    lines.extend(entry.settings.iter().map(|(key, setting)| match setting {
        Setting::Text(text) => format!("{key} = {}", quoted(text)),
        Setting::Flag(flag) => format!("{key} = {flag}"),
    }));
    lines.push(format!("[providers.{name}.credentials]"));
    lines.extend(credentials.iter().map(|credential| {
        let file = quoted(&format!("{folder}/{}", credential.file));
        format!("{} = {{ file = {file} }}", credential.key)
    }));
    lines.push(format!("[providers.{name}.poll]"));
    lines.push("balances = \"10s\"".to_owned());
    lines.push("transactions = \"4s\"".to_owned());
    lines.push(String::new());
    lines
}

fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
        builder.mode(0o700);
        builder.create(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
    }
    #[cfg(not(unix))]
    builder.create(path)
}

/// Writes a file beside it and renames that, so that it never exists with wider rights.
fn private_file(path: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    let content = content.as_ref();
    let mut fresh: OsString = path.as_os_str().to_owned();
    fresh.push(".new");
    // An old file or a link that stands there is not written through.
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        options.mode(0o600);
        let mut file = options.open(&fresh)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(content)?;
    }
    #[cfg(not(unix))]
    options.open(&fresh)?.write_all(content)?;
    fs::rename(&fresh, path)
}

//! The example configuration by its parts: what stands before the accounts, and one account of a
//! kind.

use crate::config::Environment;
use crate::provider::ProviderKind;

/// Every key, with one account of each kind.
pub(super) const EXAMPLE: &str = include_str!("../../../config.example.toml");

/// Everything before the first account: the board, and what is true of every account.
pub(super) fn head() -> &'static str {
    let before: usize = EXAMPLE
        .split_inclusive('\n')
        .take_while(|line| !line.starts_with("[providers."))
        .map(str::len)
        .sum();
    EXAMPLE.get(..before).unwrap_or(EXAMPLE)
}

/// The account of a kind as the example has it. Of a kind that the example does not show: its
/// tables with the keys that they need.
pub(super) fn account(kind: &ProviderKind, environment: Option<Environment>) -> String {
    let wanted = format!("kind = \"{}\"", kind.name);
    let shown = accounts().into_iter().find(|text| text.lines().any(|line| line == wanted));
    let account = shown.unwrap_or_else(|| bare(kind));
    let mut written: String = account
        .trim_end()
        .lines()
        .map(|line| match line.starts_with("environment = ") {
            true => environment_line(environment),
            false => line.to_owned() + "\n",
        })
        .collect();
    written.push('\n');
    written
}

/// The table of webhooks, switched on.
pub(super) fn listen() -> String {
    let lines = EXAMPLE.split_inclusive('\n').skip_while(|line| !line.starts_with("[listen]"));
    let text: String = lines.collect();
    text.replace("enabled = false", "enabled = true ")
}

/// The line that says whether real money is behind an account. Where nobody has said it, the line
/// is one that is refused.
fn environment_line(environment: Option<Environment>) -> String {
    match environment {
        Some(environment) => format!(
            "environment = {:14}# production | sandbox: the word in the top line\n",
            format!("\"{}\"", environment.word())
        ),
        None => "environment = \"\"            # you: write \"production\" or \"sandbox\"; until \
                 then this file is refused\n"
            .to_owned(),
    }
}

/// The text of each account, its sub-tables included.
fn accounts() -> Vec<String> {
    let mut accounts: Vec<(&str, String)> = Vec::new();
    let mut current = None;
    for line in EXAMPLE.split_inclusive('\n') {
        if let Some(table) = line.strip_prefix('[') {
            let mut names = table.split([']', '.']);
            current = names.next().filter(|first| *first == "providers").and(names.next());
        }
        let Some(name) = current else { continue };
        match accounts.last_mut().filter(|(last, _)| *last == name) {
            Some((_, text)) => text.push_str(line),
            None => accounts.push((name, line.to_owned())),
        }
    }
    accounts.into_iter().map(|(_, text)| text).collect()
}

fn bare(kind: &ProviderKind) -> String {
    let name = kind.name;
    let mut text = format!(
        "[providers.{name}]\nkind = \"{name}\"\nenvironment = \"\"\n\
         base_url = \"https://{name}.example.com\"   # you\n"
    );
    if !kind.settings.is_empty() {
        text.push_str(&format!("# settings of this kind: {}\n", kind.settings.join(", ")));
    }
    text.push_str(&format!("[providers.{name}.credentials]\n"));
    for credential in kind.credentials {
        let variable = format!("{name}_{credential}").to_uppercase().replace('-', "_");
        text.push_str(&format!("{credential} = {{ env = \"{variable}\" }}\n"));
    }
    text
}

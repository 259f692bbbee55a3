//! Writes what somebody needs to reach the sandbox from outside: a configuration, its secrets as
//! private files, rosters. Never a secret in the configuration itself.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::{Dialect, Sandbox, Scenario, artha, banana, enkash, ibanera};

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
    let secrets = [
        ("artha-token", artha::TOKEN),
        ("artha-key.pem", artha::TEST_PRIVATE_KEY),
        ("banana-secret-key", banana::SECRET_KEY),
        ("enkash-client-id", enkash::CLIENT_ID),
        ("enkash-client-secret", enkash::CLIENT_SECRET),
        ("enkash-username", enkash::USERNAME),
        ("enkash-password", enkash::PASSWORD),
        ("enkash-encryption-key", enkash::ENCRYPTION_KEY),
        ("ibanera-username", ibanera::USERNAME),
        ("ibanera-password", ibanera::PASSWORD),
        ("ibanera-shared-secret", ibanera::SHARED_SECRET),
    ];
    for (name, secret) in secrets {
        private_file(&beside.join(&folder).join(name), secret)?;
    }
    for dialect in [Dialect::Artha, Dialect::Banana] {
        private_file(&beside.join(roster_name(&stem, dialect)), roster(sandbox, dialect)?)?;
    }
    private_file(
        path,
        toml(&stem, &folder, base, sandbox.0.scenarios.contains(&Scenario::CustomerPays)),
    )
}

fn roster_name(stem: &str, dialect: Dialect) -> String {
    format!("{stem}.{}-cards.csv", dialect.name())
}

fn roster(sandbox: &Sandbox, dialect: Dialect) -> io::Result<Vec<u8>> {
    let endpoint = sandbox.endpoint(dialect);
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["id", "user_id", "holder", "last4", "currency", "kind", "label"])?;
    for (i, card) in endpoint.bank.cards.iter().enumerate() {
        let user = if dialect == Dialect::Banana { card.user.as_str() } else { "" };
        let kind = if card.physical { "physical" } else { "virtual" };
        let label = if i == 0 { "vip" } else { "" };
        csv.write_record([
            &card.id,
            user,
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

fn toml(stem: &str, folder: &str, base: &dyn Fn(Dialect) -> String, customer_pays: bool) -> String {
    let secret = |name: &str| format!("{{ file = {} }}", quoted(&format!("{folder}/{name}")));
    let roster = |dialect| quoted(&roster_name(stem, dialect));
    let polls = |name: &str| {
        format!("[providers.{name}.poll]\nbalances = \"10s\"\ntransactions = \"4s\"\n")
    };
    let [artha, banana, enkash, ibanera] = Dialect::ALL.map(base);
    let sections = [
        "# The built-in sandbox: four simulated providers that speak the four real wires on this \
         machine."
            .to_owned(),
        "# No real money, no real cards. Paths are relative to this file; secrets are in their \
         own files."
            .to_owned(),
        String::new(),
        "# artha has no card list, so its cards come from a roster. The key is a test key of the \
         sandbox."
            .to_owned(),
        "[providers.artha]".to_owned(),
        "kind = \"artha\"".to_owned(),
        "environment = \"sandbox\"".to_owned(),
        format!("base_url = {}", quoted(&format!("{artha}/api/v1"))),
        format!("roster = {}", roster(Dialect::Artha)),
        "rate_limit = \"1200/min\"".to_owned(),
        "customer_token = true".to_owned(),
        format!("all_transactions_path = {}", quoted(artha::ALL_TRANSACTIONS)),
        "[providers.artha.credentials]".to_owned(),
        format!("token = {}", secret("artha-token")),
        format!("private_key = {}", secret("artha-key.pem")),
        polls("artha"),
        "# banana encrypts and signs every body. Its cards come from a roster as well: user id \
         and card id together."
            .to_owned(),
        "[providers.banana]".to_owned(),
        "kind = \"banana\"".to_owned(),
        "environment = \"sandbox\"".to_owned(),
        format!("base_url = {}", quoted(&banana)),
        format!("roster = {}", roster(Dialect::Banana)),
        "rate_limit = \"1200/min\"".to_owned(),
        format!("merchant_id = {}", quoted(banana::MERCHANT_ID)),
        "secret_key_encoding = \"utf8\"".to_owned(),
        "[providers.banana.credentials]".to_owned(),
        format!("secret_key = {}", secret("banana-secret-key")),
        polls("banana"),
        "# enkash gets its token from a host of its own; here both are the same server.".to_owned(),
        "[providers.enkash]".to_owned(),
        "kind = \"enkash\"".to_owned(),
        "environment = \"sandbox\"".to_owned(),
        format!("base_url = {}", quoted(&enkash)),
        format!("token_url = {}", quoted(&format!("{enkash}/oauth/token"))),
        "rate_limit = \"1200/min\"".to_owned(),
        format!("partner_id = {}", quoted(enkash::PARTNER_ID)),
        format!("company_id = {}", quoted(enkash::COMPANY_ID)),
        format!("card_account_id = {}", quoted(enkash::CARD_ACCOUNT_ID)),
        "encryption = \"envelope\"".to_owned(),
        "load = \"allocate_fund\"".to_owned(),
        "[providers.enkash.credentials]".to_owned(),
        format!("client_id = {}", secret("enkash-client-id")),
        format!("client_secret = {}", secret("enkash-client-secret")),
        format!("username = {}", secret("enkash-username")),
        format!("password = {}", secret("enkash-password")),
        format!("encryption_key = {}", secret("enkash-encryption-key")),
        polls("enkash"),
        "# ibanera wants a one-time code with every call, made from the shared secret. The \
         manager's own account pays for top-ups;"
            .to_owned(),
        "# with pays = \"customer\" the account of the card's customer does.".to_owned(),
        "[providers.ibanera]".to_owned(),
        "kind = \"ibanera\"".to_owned(),
        "environment = \"sandbox\"".to_owned(),
        format!("base_url = {}", quoted(&ibanera)),
        "rate_limit = \"1200/min\"".to_owned(),
        "secret_encoding = \"base32\"".to_owned(),
        if customer_pays {
            "pays = \"customer\"".to_owned()
        } else {
            format!("pays = \"manager\"\nmanager_id = {}", quoted(ibanera::MANAGER_ID))
        },
        "[providers.ibanera.credentials]".to_owned(),
        format!("username = {}", secret("ibanera-username")),
        format!("password = {}", secret("ibanera-password")),
        format!("shared_secret = {}", secret("ibanera-shared-secret")),
        polls("ibanera"),
    ];
    sections.join("\n")
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

/// Written beside and then renamed, so that the file never exists with wider rights.
fn private_file(path: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    let content = content.as_ref();
    let mut fresh: OsString = path.as_os_str().to_owned();
    fresh.push(".new");
    // Never through a link that stands there.
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

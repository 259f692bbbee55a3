//! The real program and the files that are ours: who may have written them, where links lead, what
//! an editor left in them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cardtop::config::secret::Source;
use secrecy::ExposeSecret;

use crate::harness::STATE;

const USAGE: i32 = 2;
const EMPTY: &str = "[board]\nglyphs = \"ascii\"\n";

/// A folder with a configuration of no accounts, which is also the home of whoever runs the program
/// there.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a folder"));
        home.write("c.toml", EMPTY, 0o600);
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("writing");
        set_mode(&path, mode);
        path
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("the program")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cardtop"));
        command.env("CARDTOP_STATE", STATE);
        command.current_dir(self.0.path()).args(words).stdin(Stdio::null());
        command
            .env("HOME", self.0.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_DATA_HOME", self.path("share"));
        command.env_remove("CARDTOP_CONFIG");
        command
    }

    /// What is said where the program refuses to begin.
    fn refusal(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(USAGE), "{words:?}: {said}");
        said
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("the mode");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").mode() & 0o777
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_configuration_that_others_can_write_runs_no_command_and_names_the_one_that_mends_it() {
    let home = Home::new();
    let touched = home.path("touched");
    let secret = format!("{{ command = [\"touch\", \"{}\"] }}", touched.display());
    let text = format!(
        "[providers.us]\nkind = \"ibanera\"\nbase_url = \"http://127.0.0.1:9\"\n\
         [providers.us.credentials]\nusername = {secret}\npassword = {secret}\nshared_secret = {secret}\n"
    );
    for wrong in [0o666, 0o602, 0o620] {
        home.write("open.toml", &text, wrong);
        let said = home.refusal(&["--config", "open.toml", "--data", "data", "cards"]);
        assert!(
            said.contains("run `chmod go-w open.toml`")
                && said.contains(&format!("mode {wrong:o}")),
            "{said}"
        );
        assert!(!touched.exists(), "its command was run");
    }
    set_mode(&home.path("open.toml"), 0o644);
    home.run(&["--config", "open.toml", "--data", "data", "cards"]);
    assert!(touched.exists(), "a configuration that others only read is used");
}

#[test]
fn an_empty_variable_for_the_configuration_counts_as_not_set() {
    let home = Home::new();
    fs::create_dir_all(home.path("config/cardtop")).expect("a folder");
    home.write("config/cardtop/config.toml", EMPTY, 0o600);
    for (value, good) in [("", true), ("c.toml", true), ("none.toml", false)] {
        let output = home
            .command(&["--data", "data", "ops"])
            .env("CARDTOP_CONFIG", value)
            .output()
            .expect("the program");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.success(), good, "CARDTOP_CONFIG={value:?}: {said}");
        assert!(good || said.contains("none.toml"), "{said}");
    }
}

#[test]
fn a_byte_order_mark_before_the_configuration_or_a_secret_is_no_part_of_it() {
    let home = Home::new();
    home.write("bom.toml", &format!("\u{feff}{EMPTY}"), 0o600);
    assert!(home.run(&["--config", "bom.toml", "--data", "data", "ops"]).status.success());
    home.write("wrong.toml", "\u{feff}x = 1\n", 0o600);
    assert!(
        home.refusal(&["--config", "wrong.toml", "ops"])
            .contains("wrong.toml line 1: unknown key `x`")
    );
    let sixteen: Vec<u8> =
        format!("\u{feff}{EMPTY}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(home.path("sixteen.toml"), sixteen).expect("writing");
    assert!(home.refusal(&["--config", "sixteen.toml", "ops"]).contains("save it as UTF-8"));
    let secret =
        Source::File(home.write("secret", "\u{feff}s3cret\n", 0o600)).read().expect("a secret");
    assert_eq!(secret.expose_secret(), "s3cret");
}

#[test]
fn a_data_folder_that_others_can_write_is_refused_and_left_as_it_is() {
    let home = Home::new();
    fs::create_dir(home.path("data")).expect("a folder");
    set_mode(&home.path("data"), 0o777);
    let said = home.refusal(&["--config", "c.toml", "--data", "data", "ops"]);
    assert!(said.contains("run `chmod go-w data`") && said.contains("nothing was sent"), "{said}");
    assert_eq!(
        (mode(&home.path("data")), fs::read_dir(home.path("data")).expect("it").count()),
        (0o777, 0)
    );
    set_mode(&home.path("data"), 0o700);
    assert!(home.run(&["--config", "c.toml", "--data", "data", "ops"]).status.success());
}

#[test]
fn new_files_are_for_their_owner_only_whatever_the_umask() {
    let home = Home::new();
    let program = env!("CARGO_BIN_EXE_cardtop");
    let line = format!(
        "umask 000; {program} --config c.toml --data data --log-file log ops && {program} \
         --config new/c.toml init artha >/dev/null"
    );
    let output = Command::new("sh")
        .args(["-c", &line])
        .env("CARDTOP_STATE", STATE)
        .current_dir(home.0.path())
        .output()
        .expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["log", "data/cardtop.db", "new/c.toml"] {
        assert_eq!(mode(&home.path(name)), 0o600, "{name}");
    }
    assert_eq!((mode(&home.path("data")), mode(&home.path("new"))), (0o700, 0o700));
}

#[test]
fn no_link_of_another_user_is_followed_and_no_mode_behind_a_link_is_changed() {
    let home = Home::new();
    let victim = home.write("victim", "mine\n", 0o644);
    symlink("victim", home.path("log")).expect("a link");
    assert!(
        home.run(&["--config", "c.toml", "--data", "data", "--log-file", "log", "ops"])
            .status
            .success()
    );
    assert_eq!(mode(&victim), 0o644);
    fs::create_dir(home.path("linked")).expect("a folder");
    set_mode(&home.path("linked"), 0o700);
    symlink("../victim", home.path("linked/cardtop.db")).expect("a link");
    let said = home.refusal(&["--config", "c.toml", "--data", "linked", "ops"]);
    assert!(said.contains("others can use: run `chmod 600 "), "{said}");
    assert_eq!(
        (mode(&victim), fs::read_to_string(&victim).expect("it")),
        (0o644, "mine\n".to_owned())
    );
    if !is_root() {
        return; // only root can give a link away
    }
    symlink("c.toml", home.path("link.toml")).expect("a link");
    for link in ["link.toml", "log", "linked/cardtop.db"] {
        lchown(home.path(link), Some(65_534), Some(65_534)).expect("to another user");
    }
    for words in [
        ["--config", "link.toml", "--data", "data", "ops"].as_slice(),
        &["--config", "c.toml", "--data", "data", "--log-file", "log", "ops"],
        &["--config", "c.toml", "--data", "linked", "ops"],
    ] {
        let said = home.refusal(words);
        assert!(said.contains("a link that belongs to another user (id 65534)"), "{said}");
    }
    lchown(home.path("c.toml"), Some(65_534), Some(65_534)).expect("to another user");
    let said = home.refusal(&["--config", "c.toml", "--data", "data", "ops"]);
    assert!(
        said.contains("belongs to another user (id 65534)") && said.contains("chown"),
        "{said}"
    );
}

#[test]
fn a_roster_or_secret_behind_a_link_of_another_user_is_not_read() {
    if !is_root() {
        return; // only root can give a link away
    }
    let home = Home::new();
    home.write("roster", "id\nc1\n", 0o600);
    home.write("secret", "s3cret", 0o600);
    for name in ["roster", "secret"] {
        symlink(name, home.path(&format!("{name}.link"))).expect("a link");
        lchown(home.path(&format!("{name}.link")), Some(65_534), None).expect("to another user");
    }
    let text = "[providers.acme]\nkind = \"artha\"\nbase_url = \"http://127.0.0.1:9\"\nroster = \
                \"roster.link\"\n[providers.acme.credentials]\ntoken = { file = \"secret.link\" \
                }\nprivate_key = { file = \"secret.link\" }\n";
    home.write("c.toml", text, 0o600);
    let output = home.run(&["--config", "c.toml", "--data", "data", "--log-file", "log", "cards"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned()
        + &fs::read_to_string(home.path("log")).expect("a log");
    for name in ["roster.link", "secret.link"] {
        let line = said
            .lines()
            .find(|line| line.contains(name))
            .unwrap_or_else(|| panic!("{name}: {said}"));
        assert!(line.contains("a link that belongs to another user"), "{line}");
    }
}

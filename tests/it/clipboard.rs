//! What `y` puts on the clipboard, by a made-up `xclip` or through the terminal, and what is said.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::pty::Terminal;

/// How OSC 52 begins.
const THROUGH_TERMINAL: &str = "\x1b]52;c;";

/// A demo on a machine with a display, whose `xclip` is this script; `$OUT` is the folder.
fn with_xclip(script: &str, folder: &Path, more: &[(&str, &str)]) -> Terminal {
    let xclip = folder.join("xclip");
    let script = format!("#!/bin/sh\nOUT={}\n{script}\n", folder.display());
    std::fs::write(&xclip, script).expect("a script");
    std::fs::set_permissions(&xclip, PermissionsExt::from_mode(0o755)).expect("its mode");
    #[expect(clippy::disallowed_methods, reason = "the programs of this machine, after xclip")]
    let path = std::env::var("PATH").expect("a path");
    let path = format!("{}:{path}", folder.display());
    let environment = [&[("DISPLAY", ":77"), ("PATH", &path)], more].concat();
    let mut terminal = Terminal::demo_in(&environment, 120, 40);
    terminal.until("cards", |text| text.contains("artha OK") && text.contains("ACTIVE"));
    terminal
}

fn quit(mut terminal: Terminal) -> String {
    terminal.press("q");
    let (code, raw) = terminal.end();
    assert_eq!(code, 0, "{raw}");
    raw
}

#[test]
fn copied_is_what_the_program_of_this_machine_has_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = r#"echo "$@" > "$OUT/arguments"; cat > "$OUT/text""#;
    let mut terminal = with_xclip(script, folder.path(), &[]);
    terminal.press("yi");
    terminal.shows("copied: id");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
    let id = read("text");
    assert!(id.contains('/') && id.len() > 8 && !id.contains('\n'), "{id:?}");
    assert_eq!(read("arguments"), "-selection clipboard\n");
    assert!(!quit(terminal).contains(THROUGH_TERMINAL));
}

#[test]
fn what_only_the_terminal_was_given_is_not_said_to_be_copied() {
    let folder = tempfile::tempdir().expect("a folder");
    let remote = [("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")];
    for (script, more) in [
        // A display that is gone; then a session whose display is not the operator's.
        ("cat > /dev/null; exit 1", &[] as &[(&str, &str)]),
        (r#"cat > "$OUT/text""#, &remote),
    ] {
        let mut terminal = with_xclip(script, folder.path(), more);
        terminal.press("yi");
        terminal.shows("sent to the terminal's clipboard: id (some terminals ignore that)");
        assert_eq!(quit(terminal).matches(THROUGH_TERMINAL).count(), 1);
    }
    assert!(!folder.path().join("text").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_that_hangs_holds_up_no_key_and_is_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = r#"echo $$ > "$OUT/pid.new"; mv "$OUT/pid.new" "$OUT/pid"; exec sleep 3600"#;
    let mut terminal = with_xclip(script, folder.path(), &[]);
    terminal.press("yi");
    terminal.shows("copying: id");
    terminal.press("?");
    terminal.shows("Help");
    terminal.press("\x1b");
    terminal.shows("sent to the terminal's clipboard");
    let pid = std::fs::read_to_string(folder.path().join("pid")).expect("it ran");
    assert!(!Path::new("/proc").join(pid.trim()).exists(), "it still runs");
    quit(terminal);
}

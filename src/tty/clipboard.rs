//! Ways to the clipboard: through the terminal, and the programs that this machine may have for it.
//!
//! Pure functions of the environment; nothing is run here.

use std::io;

use crossterm::clipboard::CopyToClipboard;
use crossterm::queue;

/// Most bytes that are put on the clipboard, as the terminal sees them: more is cut by some
/// terminals without a word.
const MOST: usize = 74_994;

/// Most bytes of one string that screen passes on.
const SCREEN_MOST: usize = 240;

/// A program that takes text on its standard input and puts it on the clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClipboardProgram {
    /// Its name, to be found on the path.
    pub name: &'static str,
    /// Its arguments.
    pub arguments: &'static [&'static str],
    /// Whether it takes UTF-16, little endian, instead of UTF-8.
    pub utf16: bool,
}

/// What a session is, as its environment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClipboardWays {
    /// Programs that would reach the clipboard of this machine, the best first, whether installed
    /// or not.
    pub programs: Vec<ClipboardProgram>,
    /// Whether the operator sits at another machine, whose clipboard only the terminal reaches.
    pub is_remote: bool,
}

/// The ways to the clipboard in this environment.
pub(super) fn ways(environment: impl Fn(&str) -> Option<String>) -> ClipboardWays {
    let set = |name: &str| environment(name).is_some_and(|value| !value.is_empty());
    let program = |name, arguments| ClipboardProgram { name, arguments, utf16: false };
    let mut programs = Vec::new();
    if cfg!(target_os = "macos") {
        programs.push(program("pbcopy", &[]));
    }
    if set("WAYLAND_DISPLAY") {
        programs.push(program("wl-copy", &[]));
    }
    if set("DISPLAY") {
        programs.push(program("xclip", &["-selection", "clipboard"]));
        programs.push(program("xsel", &["--clipboard", "--input"]));
    }
    if set("WSL_INTEROP") || set("WSL_DISTRO_NAME") || cfg!(windows) {
        programs.push(ClipboardProgram { utf16: true, ..program("clip.exe", &[]) });
    }
    let is_remote = ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"].into_iter().any(set);
    ClipboardWays { programs, is_remote }
}

/// What makes the terminal put text on its clipboard (OSC 52), through tmux and screen as well.
pub(super) fn sequence(
    text: &str,
    environment: impl Fn(&str) -> Option<String>,
) -> io::Result<Vec<u8>> {
    let set = |name: &str| environment(name).is_some_and(|value| !value.is_empty());
    if text.len().div_ceil(3) * 4 > MOST {
        return Err(io::Error::other("it is too much for a terminal's clipboard: export it"));
    }
    if environment("TERM").as_deref() == Some("linux") {
        return Err(io::Error::other("the console of Linux has no clipboard"));
    }
    let mut bytes = Vec::new();
    queue!(bytes, CopyToClipboard::to_clipboard_from(text))?;
    if set("STY") {
        return Ok(through_screen(&bytes));
    }
    if set("TMUX") {
        // tmux takes the first for its own clipboard where `set-clipboard` is on, and passes the
        // second to the terminal around it where `allow-passthrough` is.
        let passed = through_tmux(&bytes);
        bytes.extend(passed);
    }
    Ok(bytes)
}

fn through_tmux(sequence: &[u8]) -> Vec<u8> {
    let doubled = sequence.iter().flat_map(|byte| match byte {
        0x1b => vec![0x1b, 0x1b],
        byte => vec![*byte],
    });
    [b"\x1bPtmux;".to_vec(), doubled.collect(), b"\x1b\\".to_vec()].concat()
}

/// screen passes strings on as they are and ends them at `ESC \`, so that the sequence ends by BEL.
fn through_screen(sequence: &[u8]) -> Vec<u8> {
    let body = sequence.strip_suffix(b"\x1b\\").unwrap_or(sequence);
    let ended = [body, b"\x07"].concat();
    ended.chunks(SCREEN_MOST).flat_map(|part| [b"\x1bP", part, b"\x1b\\"].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(environment: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        |name| {
            let set = environment.iter().find(|(known, _)| *known == name);
            set.map(|(_, value)| (*value).to_owned())
        }
    }

    fn sent(text: &str, environment: &[(&str, &str)]) -> Option<String> {
        let bytes = sequence(text, within(environment)).ok()?;
        Some(String::from_utf8(bytes).expect("text"))
    }

    #[test]
    fn the_clipboard_takes_what_terminals_take() {
        assert_eq!(sent("..4242", &[]).as_deref(), Some("\x1b]52;c;Li40MjQy\x1b\\"));
        assert!(sent(&"x".repeat(56_243), &[]).is_some());
        assert_eq!(sent(&"x".repeat(56_250), &[]), None);
        assert_eq!(sent("..4242", &[("TERM", "linux")]), None, "it would print the text");
    }

    #[test]
    fn the_text_passes_through_tmux_and_screen() {
        assert_eq!(
            sent("..4242", &[("TMUX", "/tmp/tmux-0/default,1,0")]).as_deref(),
            Some("\x1b]52;c;Li40MjQy\x1b\\\x1bPtmux;\x1b\x1b]52;c;Li40MjQy\x1b\x1b\\\x1b\\")
        );
        let screen = [("STY", "12.pts-0.host")];
        assert_eq!(sent("..4242", &screen).as_deref(), Some("\x1bP\x1b]52;c;Li40MjQy\x07\x1b\\"));
        let long = sent(&"x".repeat(3_000), &screen).expect("not too long");
        let parts: Vec<&str> = long.split_terminator("\x1b\\").collect();
        assert!(parts.len() > 10 && parts.iter().all(|part| part.len() <= SCREEN_MOST + 2));
        let joined: String = parts.iter().filter_map(|part| part.strip_prefix("\x1bP")).collect();
        assert_eq!(
            Some(joined),
            sent(&"x".repeat(3_000), &[]).map(|plain| { plain.replace("\x1b\\", "\x07") })
        );
    }

    #[test]
    fn programs_are_those_of_the_session_and_a_remote_one_is_known() {
        let names = |environment: &[(&str, &str)]| -> Vec<&str> {
            ways(within(environment)).programs.iter().map(|program| program.name).collect()
        };
        if cfg!(target_os = "linux") {
            assert_eq!(names(&[]), Vec::<&str>::new());
            assert_eq!(names(&[("DISPLAY", ":0")]), ["xclip", "xsel"]);
            assert_eq!(
                names(&[("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "wayland-0")]),
                ["wl-copy", "xclip", "xsel"]
            );
            assert_eq!(names(&[("WSL_DISTRO_NAME", "Debian"), ("DISPLAY", "")]), ["clip.exe"]);
        }
        assert!(!ways(within(&[])).is_remote);
        assert!(ways(within(&[("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")])).is_remote);
    }
}

//! Owners, modes, links and pipes, tried on real files.

use std::io::Write;
use std::os::unix::fs::{chown, lchown, symlink};
use std::path::PathBuf;

use super::*;

const LONGEST: u64 = 1 << 20;
const OTHER: u32 = 65_534;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn file(folder: &Path, name: &str, mode: u32) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, "text").expect("writing");
    set_mode(&path, mode);
    path
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the mode");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").mode() & 0o777
}

/// Only root can give a file away; without root, the owner's rule is tested by itself.
fn is_root() -> bool {
    this_user() == 0
}

#[test]
fn a_configuration_that_others_can_write_is_refused_with_the_command_that_mends_it() {
    let folder = folder();
    for (wrong, name) in
        [(0o666, "a.toml"), (0o622, "b.toml"), (0o660, "c.toml"), (0o602, "with blank.toml")]
    {
        let path = file(folder.path(), name, wrong);
        let words =
            read_configuration(&path, LONGEST).expect_err("others can write it").to_string();
        assert!(
            words.contains(&format!("mode {wrong:o}")) && words.contains("`chmod go-w "),
            "{words}"
        );
        assert!(words.contains(&quoted(&path)), "{words}");
        set_mode(&path, wrong & !0o022);
        assert_eq!(read_configuration(&path, LONGEST), Ok(b"text".to_vec()));
    }
}

#[test]
fn what_belongs_to_another_user_but_root_is_not_trusted() {
    assert!(is_foreign_to(1_000, 1_001) && is_foreign_to(0, 1_000));
    assert!(!is_foreign_to(1_000, 1_000) && !is_foreign_to(1_000, 0));
    if !is_root() {
        return;
    }
    let folder = folder();
    let path = file(folder.path(), "theirs", 0o600);
    chown(&path, Some(OTHER), None).expect("to another user");
    let words = read_configuration(&path, LONGEST).expect_err("theirs").to_string();
    assert!(words.contains("another user (id 65534)") && words.contains("chown"), "{words}");
    assert!(open_log(&path).expect_err("theirs").to_string().contains("another user"));
    let data = folder.path().join("data");
    fs::create_dir(&data).expect("a folder");
    chown(&data, Some(OTHER), None).expect("to another user");
    assert!(
        private_data(&data, &data.join("db"))
            .expect_err("theirs")
            .to_string()
            .contains("another user")
    );
}

#[test]
fn a_link_is_followed_only_when_it_and_its_target_are_ours_or_roots() {
    let folder = folder();
    let target = file(folder.path(), "target", 0o600);
    let (link, chain) = (folder.path().join("link"), folder.path().join("chain"));
    symlink(&target, &link).expect("a link");
    symlink("link", &chain).expect("a link to it");
    for path in [&link, &chain] {
        assert_eq!(read_configuration(path, LONGEST), Ok(b"text".to_vec()));
        assert_eq!(follow(path), Ok(target.clone()));
    }
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    symlink(&other, &one).expect("a circle");
    symlink(&one, &other).expect("a circle");
    assert!(follow(&one).expect_err("a circle").to_string().contains("too many links"));
    if !is_root() {
        return;
    }
    lchown(&link, Some(OTHER), None).expect("to another user");
    for path in [&link, &chain] {
        for words in [
            read_configuration(path, LONGEST).expect_err("their link").to_string(),
            read_roster(path, LONGEST).expect_err("their link").to_string(),
            open_log(path).expect_err("their link").to_string(),
            private_data(folder.path(), path).expect_err("their link").to_string(),
        ] {
            assert!(words.contains("is a link that belongs to another user (id 65534)"), "{words}");
        }
    }
    lchown(&link, Some(0), None).expect("back");
    chown(&target, Some(OTHER), None).expect("to another user");
    assert!(
        read_roster(&chain, LONGEST).expect_err("their file").to_string().contains("is a link to")
    );
}

#[test]
fn no_mode_of_what_a_link_leads_to_is_changed() {
    let folder = folder();
    set_mode(folder.path(), 0o755);
    let target = file(folder.path(), "target", 0o644);
    let link = folder.path().join("link");
    symlink(&target, &link).expect("a link");
    open_log(&link).expect("our own file");
    let words = private_data(folder.path(), &link).expect_err("others can read it").to_string();
    assert!(words.contains("run `chmod 600 "), "{words}");
    assert_eq!(mode(&target), 0o644);
    let (shared, to_shared) = (folder.path().join("shared"), folder.path().join("to-shared"));
    fs::create_dir(&shared).expect("a folder");
    set_mode(&shared, 0o755);
    symlink(&shared, &to_shared).expect("a link");
    private_data(&to_shared, &to_shared.join("db")).expect("our own folder");
    assert_eq!((mode(&shared), mode(&shared.join("db"))), (0o755, 0o600));
}

#[test]
fn a_data_folder_that_others_can_write_is_refused_with_the_command_that_mends_it() {
    let folder = folder();
    for wrong in [0o777, 0o1777, 0o770, 0o702] {
        let data = folder.path().join(format!("data-{wrong:o}"));
        fs::create_dir(&data).expect("a folder");
        set_mode(&data, wrong);
        let words =
            private_data(&data, &data.join("db")).expect_err("others can write it").to_string();
        let shared = wrong & 0o1000 != 0;
        assert_eq!(words.contains(&format!("`chmod go-w {}`", data.display())), !shared, "{words}");
        assert!(!shared || words.contains("choose one of your own"), "{words}");
        assert!(!data.join("db").exists() && mode(&data) == wrong & 0o777, "nothing was done");
        set_mode(&data, 0o700);
        private_data(&data, &data.join("db")).expect("mended");
    }
}

#[test]
fn new_files_are_for_their_owner_only_and_old_logs_become_so() {
    let folder = folder();
    let data = folder.path().join("new").join("data");
    private_data(&data, &data.join("db")).expect("new");
    assert_eq!((mode(&data), mode(&data.join("db"))), (0o700, 0o600));
    let log = folder.path().join("log");
    open_log(&log).expect("new");
    assert_eq!(mode(&log), 0o600);
    set_mode(&log, 0o664);
    open_log(&log).expect("old");
    assert_eq!(mode(&log), 0o600);
    let (dangling, target) = (folder.path().join("dangling"), folder.path().join("not-yet"));
    symlink(&target, &dangling).expect("a link");
    open_log(&dangling).expect("made where the link leads");
    assert_eq!(mode(&target), 0o600);
}

#[test]
fn what_is_no_file_or_has_no_end_is_said() {
    let folder = folder();
    for (path, words) in [
        (folder.path(), "is a folder"),
        (Path::new("/dev/zero"), "is a device"),
        (Path::new("/dev/null"), "is a device"),
    ] {
        assert!(read_configuration(path, LONGEST).expect_err(words).to_string().contains(words));
    }
    let long = file(folder.path(), "long", 0o600);
    fs::write(&long, vec![b'#'; (2 << 20) + 1]).expect("writing");
    assert!(
        read_roster(&long, 2 << 20)
            .expect_err("too long")
            .to_string()
            .contains("longer than 2 MiB")
    );
    assert_eq!(read_roster(&folder.path().join("none"), LONGEST), Err(FileError::Missing));
    open_log(Path::new("/dev/null")).expect("a device may be a log");
    let everybodys = file(folder.path(), "everybodys", 0o666);
    assert!(
        read_roster(&everybodys, LONGEST)
            .expect_err("everybody")
            .to_string()
            .contains("`chmod o-w ")
    );
}

#[test]
fn a_file_that_cannot_be_replaced_whole_stays_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kept");
    replace_private(&path, |file| file.write_all(b"first")).expect("a file");
    let full = |file: &mut dyn Write| {
        file.write_all(b"sec")?;
        Err(io::Error::from(io::ErrorKind::StorageFull))
    };
    let error = replace_private(&path, full).expect_err("the disk is full");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(fs::read(&path).expect("the file"), b"first");
    let entries = folder.path().read_dir().expect("the folder").count();
    assert_eq!(entries, 1, "nothing is left beside it");
    let nested = |_: &mut dyn Write| replace_private(&path, |file| file.write_all(b"second"));
    let error = replace_private(&path, nested).expect_err("somebody else is writing it");
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    assert_eq!(fs::read(&path).expect("the file"), b"first");
}

#[test]
fn a_new_file_has_its_name_when_it_is_whole_and_never_takes_anothers_place() {
    let folder = folder();
    let path = folder.path().join("rows.csv");
    let names = || {
        let entries = fs::read_dir(folder.path()).expect("the folder");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    let begun = |replaces| {
        let mut new = NewFile::begin(&path, replaces)?;
        new.write_all(b"whole").map(|()| new)
    };
    let new = begun(false).expect("a new file");
    assert!(!path.exists(), "it has no name yet");
    drop(new);
    assert!(names().is_empty(), "nothing is left of what was given up: {:?}", names());

    let late = begun(false).expect("a new file");
    fs::write(&path, "of another").expect("writing");
    let error = late.finish().expect_err("the name was taken meanwhile");
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).expect("it is there"), b"of another");
    let error = begun(false).expect_err("the name is taken").to_string();
    assert_eq!(error, "exists");
    assert_eq!(begun(true).and_then(NewFile::finish).expect("it gives way"), 5);
    assert_eq!((fs::read(&path).expect("it is there"), mode(&path)), (b"whole".to_vec(), 0o600));
    assert_eq!(names(), ["rows.csv"]);

    let link = folder.path().join("link.csv");
    symlink(&path, &link).expect("a link");
    for (place, words) in [
        (&link, "symbolic link"),
        (&folder.path().to_owned(), "folder"),
        (&"/dev/null".into(), "device"),
    ] {
        let error = NewFile::begin(place, true).expect_err("no file").to_string();
        assert!(error.contains(words), "{error}");
    }
}

//! Which archives are taken, what becomes of them, and what is said about those that are not.

use std::{collections::BTreeMap, fs, io::Write, os::unix::fs::PermissionsExt};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use tar::{EntryType, Header};
use tempfile::TempDir;

use super::*;

/// A tar stream whose headers may hold anything; the archive itself checks nothing.
struct Tar(Vec<u8>);

impl Tar {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn entry(mut self, name: &[u8], entry_type: EntryType, content: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(entry_type);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    fn file(self, name: &str, content: &str) -> Self {
        self.entry(name.as_bytes(), EntryType::Regular, content.as_bytes())
    }

    fn end(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        compress(&self.0)
    }
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn limits() -> ArchiveLimits {
    ArchiveLimits {
        compressed_bytes: 4096,
        unpacked_bytes: 256 * 1024,
        entries: 5,
        path_bytes: 120,
        component_bytes: 110,
        depth: 4,
    }
}

/// Inspects and unpacks; both must say the same.
fn take(archive: &[u8]) -> Result<(Inventory, TempDir), String> {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("upload.tar.gz");
    fs::write(&path, archive).unwrap();
    let destination = directory.path().join("unpacked");
    fs::create_dir(&destination).unwrap();
    let inspected = inspect(&path, &limits()).map_err(|error| error.to_string());
    let unpacked = unpack(&path, &destination, &limits()).map_err(|error| error.to_string());
    assert_eq!(inspected, unpacked);
    unpacked.map(|inventory| (inventory, directory))
}

fn files_in(directory: &TempDir) -> BTreeMap<String, String> {
    let root = directory.path().join("unpacked");
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            let content = fs::read(path).unwrap();
            found.insert(name, String::from_utf8_lossy(&content).into_owned());
        }
    }
    found
}

fn check_refused(archive: &[u8], expected: &str) {
    match take(archive) {
        Ok((inventory, _)) => panic!("taken: {inventory:?}, expected {expected:?}"),
        Err(message) => assert!(message.contains(expected), "{message:?} lacks {expected:?}"),
    }
}

#[test]
fn files_and_folders_arrive_as_they_are() {
    let archive = Tar::new()
        .entry(b"./", EntryType::Directory, b"")
        .file("./main.tf", "one")
        .entry(b"modules/", EntryType::Directory, b"")
        .file("modules/net/main.tf", "two")
        .entry(b"empty/", EntryType::Regular, b"")
        .end();
    let (inventory, directory) = take(&archive).unwrap();
    assert_eq!(inventory.files, ["main.tf", "modules/net/main.tf"]);
    assert_eq!(inventory.file_bytes, 6);
    let expected = [("main.tf", "one"), ("modules/net/main.tf", "two")];
    assert_eq!(files_in(&directory), expected.map(|(n, c)| (n.to_owned(), c.to_owned())).into());
    assert!(directory.path().join("unpacked/empty").is_dir());
}

#[test]
fn only_the_executable_bit_of_a_mode_is_kept() {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, mode) in [("run.sh", 0o4777), ("main.tf", 0o606)] {
        let mut header = Header::new_gnu();
        header.set_mode(mode);
        header.set_size(0);
        builder.append_data(&mut header, name, io::empty()).unwrap();
    }
    let (_, directory) = take(&builder.into_inner().unwrap().finish().unwrap()).unwrap();
    for (name, executable) in [("run.sh", true), ("main.tf", false)] {
        let path = directory.path().join("unpacked").join(name);
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!((mode & 0o100 != 0, mode & 0o7022), (executable, 0), "{name}: {mode:o}");
    }
}

#[test]
fn state_and_working_folders_are_left_out_whatever_they_are() {
    let archive = Tar::new()
        .file("main.tf", "x")
        .file("terraform.tfstate", "{}")
        .file("sub/terraform.tfstate.backup", "{}")
        .entry(b".terraform/providers/aws", EntryType::Symlink, b"")
        .file("errored.tfstate", "{}")
        .end();
    let (inventory, directory) = take(&archive).unwrap();
    assert_eq!(inventory.files, ["main.tf"]);
    assert_eq!(inventory.dropped.len(), 4);
    assert_eq!(files_in(&directory).len(), 1);
}

#[test]
fn an_entry_that_breaks_a_rule_is_named_with_the_rule() {
    let long = "d/".repeat(3) + &"x".repeat(80);
    let cases: &[(&[u8], EntryType, &str)] = &[
        (b"/etc/passwd", EntryType::Regular, "\"/etc/passwd\" is refused: its name is absolute"),
        (b"../x.tf", EntryType::Regular, "\"../x.tf\" is refused: its name leads upwards"),
        (b"a/../../x", EntryType::Regular, "leads upwards"),
        (b"a/..", EntryType::Directory, "leads upwards"),
        (b"a\x01b", EntryType::Regular, "control character"),
        (b"a\nb", EntryType::Regular, "control character"),
        (b"\xff.tf", EntryType::Regular, "not valid UTF-8"),
        (b"a/b/c/d/e", EntryType::Regular, "deeper than 4 folders"),
        (b"link", EntryType::Symlink, "\"link\" is refused: it is a link"),
        (b"link", EntryType::Link, "it is a link"),
        (b"null", EntryType::Char, "it is a device"),
        (b"disk", EntryType::Block, "it is a device"),
        (b"pipe", EntryType::Fifo, "a pipe"),
        (b"holes", EntryType::GNUSparse, "neither a file nor a folder"),
    ];
    for (name, entry_type, expected) in cases {
        check_refused(&Tar::new().entry(name, *entry_type, b"").end(), expected);
    }
    assert!(take(&Tar::new().file(&long, "").end()).is_ok());
}

#[test]
fn names_must_differ_by_more_than_case() {
    for (names, expected) in [
        (["main.tf", "main.tf"], "\"main.tf\" is in the archive twice"),
        (["main.tf", "./main.tf"], "in the archive twice"),
        (["main.tf", "Main.tf"], "differs from \"main.tf\" only by case"),
        (["a/x.tf", "A/y.tf"], "differs from \"a\" only by case"),
        (["a", "a/x.tf"], "\"a\" is in the archive twice"),
        (["a/x.tf", "a"], "\"a\" is in the archive twice"),
    ] {
        check_refused(&Tar::new().file(names[0], "").file(names[1], "").end(), expected);
    }
}

#[test]
fn an_archive_without_a_file_is_of_no_use() {
    let state = Tar::new().file("terraform.tfstate", "{}");
    for archive in [Tar::new(), Tar::new().entry(b"modules/", EntryType::Directory, b""), state] {
        check_refused(&archive.end(), "holds no file of a configuration");
    }
}

#[test]
fn every_limit_holds() {
    let mut many = Tar::new();
    for index in 0..6 {
        many = many.file(&format!("{index}.tf"), "");
    }
    check_refused(&many.end(), "\"5.tf\" is refused: the archive has more than 5 entries");

    let bomb = Tar::new().file("ok.tf", "").file("bomb", &"0".repeat(300 * 1024)).end();
    assert!(bomb.len() < 4096, "it must be the unpacked size that is refused");
    check_refused(&bomb, "unpacks to more than 262144 bytes, at \"bomb\"");

    let noise: String = (0..9000_u32).map(|n| char::from(b' ' + (n * n % 91) as u8)).collect();
    let stored = GzEncoder::new(Vec::new(), Compression::none());
    let stored = [stored.finish().unwrap(), noise.into_bytes()].concat();
    check_refused(&stored, "the archive is larger than allowed: ");

    let name = "n".repeat(121);
    let long = Tar::new().entry(b"././@LongLink", EntryType::GNULongName, name.as_bytes());
    check_refused(&long.file("n", "").end(), "is longer than 120 bytes");

    let name = format!("a/{}", "n".repeat(111));
    let long = Tar::new().entry(b"././@LongLink", EntryType::GNULongName, name.as_bytes());
    check_refused(&long.file("n", "").end(), "is longer than 110 bytes");

    let header = "h".repeat(65 * 1024);
    let huge = Tar::new().entry(b"././@LongLink", EntryType::GNULongName, header.as_bytes());
    check_refused(&huge.file("n", "").end(), "extension header of 66560 bytes");
}

#[test]
fn long_names_are_understood_in_both_dialects() {
    let name = format!("{}.tf", "long".repeat(26));
    let gnu = Tar::new()
        .entry(b"././@LongLink", EntryType::GNULongName, format!("{name}\0").as_bytes())
        .file("cut", "content");
    let field = format!(" path={name}\n");
    let field = format!("{}{field}", field.len() + 3);
    let posix = Tar::new()
        .entry(b"global", EntryType::XGlobalHeader, b"19 comment=whatever\n")
        .entry(b"header", EntryType::XHeader, field.as_bytes())
        .file("cut", "content");
    for archive in [gnu, posix] {
        assert_eq!(take(&archive.end()).unwrap().0.files, [name.as_str()]);
    }
    let hidden =
        Tar::new().entry(b"header", EntryType::XHeader, b"16 path=../../x\n").file("ok", "");
    check_refused(&hidden.end(), "leads upwards");
    let resized = Tar::new().entry(b"header", EntryType::XHeader, b"9 size=0\n").file("a", "b");
    check_refused(&resized.end(), "sparse or oversized");
}

#[test]
fn damage_is_noticed() {
    let whole = Tar::new().file("main.tf", &"text ".repeat(400)).end();
    let mut checksum = whole.clone();
    let last = checksum.len() - 8;
    checksum[last] ^= 0xff;
    let short = compress(&Tar::new().file("main.tf", &"x".repeat(2000)).0[..1500]);
    for (what, archive) in [
        ("no gzip", b"PK\x03\x04 a zip file".to_vec()),
        ("nothing", Vec::new()),
        ("cut", whole[..whole.len() / 2].to_vec()),
        ("wrong checksum", checksum),
        ("tar cut within a file", short),
        ("no tar", compress(&[b'x'; 2048])),
    ] {
        let message = take(&archive).expect_err(what);
        assert!(message.contains("not a readable tar.gz"), "{what}: {message}");
    }
}

#[test]
fn packing_depends_on_names_and_contents_alone() {
    let files = BTreeMap::from([
        ("main.tf".to_owned(), b"one".to_vec()),
        ("modules/a/main.tf".to_owned(), b"two".to_vec()),
    ]);
    let packed = pack(&files, &limits()).unwrap();
    assert_eq!(packed, pack(&files, &limits()).unwrap());
    let (inventory, directory) = take(&packed).unwrap();
    assert_eq!(inventory.files, ["main.tf", "modules/a/main.tf"]);
    assert_eq!(files_in(&directory)["modules/a/main.tf"], "two");

    for (name, expected) in [
        ("../up.tf", "leads upwards"),
        ("/main.tf", "absolute"),
        (".", "names no file"),
        ("", "names no file"),
        ("a\0b", "control character"),
    ] {
        let files = BTreeMap::from([(name.to_owned(), Vec::new())]);
        let message = pack(&files, &limits()).unwrap_err().to_string();
        assert!(message.contains(expected), "{name:?}: {message}");
    }
    let many = (0..6).map(|n| (n.to_string(), Vec::new())).collect();
    assert!(pack(&many, &limits()).unwrap_err().to_string().contains("at most 5"));
    let large = BTreeMap::from([("a".to_owned(), vec![0; 256 * 1024 + 1])]);
    assert!(pack(&large, &limits()).unwrap_err().to_string().contains("larger than allowed"));
}

proptest! {
    /// Nothing that can be uploaded makes reading it panic or leave the directory.
    #[test]
    fn no_bytes_escape(name in proptest::collection::vec(any::<u8>(), 0..100), kind in any::<u8>(), content: Vec<u8>) {
        let archive = Tar::new().entry(&name, EntryType::new(kind), &content).end();
        if let Ok((inventory, directory)) = take(&archive) {
            prop_assert_eq!(files_in(&directory).len(), inventory.files.len());
            prop_assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
        }
    }
}

//! Archives of friends and of enemies.

use proptest::prelude::*;

use super::*;

fn files(entries: &[(&str, &str)]) -> Files {
    entries.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

/// A tar.gz with one entry, written as a hostile client would.
fn hostile(path: &[u8], kind: EntryType, link: Option<&str>) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path);
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(0);
    if let Some(link) = link {
        header.set_link_name(link).unwrap();
    }
    header.set_cksum();
    let mut builder = Builder::new(GzBuilder::new().write(Vec::new(), Compression::fast()));
    builder.append(&header, io::empty()).unwrap();
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn files_come_back_and_equal_files_are_equal_bytes() {
    let long = format!("modules/{}/main.tf", "x".repeat(200));
    let packed = files(&[("main.tf", "a"), ("modules/net/main.tf", "é"), (&long, "")]);
    let bytes = pack(&packed).unwrap();
    assert_eq!(unpack(&bytes).unwrap(), packed);
    assert_eq!(bytes, pack(&packed).unwrap());
    assert_eq!(&bytes[4..10], [0, 0, 0, 0, 0, 255], "no time, no operating system");
}

#[test]
fn a_name_that_cannot_be_safe_is_refused_by_name() {
    for (path, why) in [
        ("../main.tf", "contains .."),
        ("a/../../b", "contains .."),
        ("/etc/passwd", "absolute"),
        ("C:/x.tf", "absolute"),
        ("a\\b.tf", "backslash"),
        ("a\0b.tf", "NUL"),
        ("a\nb.tf", "control character"),
        ("a//b.tf", "empty part"),
        ("./a.tf", "empty part or ."),
        ("", "empty"),
        (&"x".repeat(2000), "too long"),
    ] {
        let error = pack(&files(&[(path, "x")])).unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert!(error.message.contains(why), "{path:?}: {error}");
    }
    let error = pack(&files(&[("a", ""), ("a-b", ""), ("a/b", "")])).unwrap_err();
    assert!(error.message.contains("\"a\" is refused: another file has it"), "{error}");
}

#[test]
fn a_hostile_archive_is_refused_by_entry() {
    for (path, kind, link, why) in [
        (&b"../x"[..], EntryType::Regular, None, "contains .."),
        (b"/etc/passwd", EntryType::Regular, None, "absolute"),
        (b"link", EntryType::Symlink, Some("/etc/passwd"), "\"link\" is refused: it is a link"),
        (b"hard", EntryType::Link, Some("main.tf"), "it is a link"),
        (b"pipe", EntryType::Fifo, None, "neither a file nor a directory"),
        (b"\xff", EntryType::Regular, None, "not UTF-8"),
    ] {
        let error = unpack(&hostile(path, kind, link)).unwrap_err();
        assert!(error.message.contains(why), "{error}");
    }
    assert!(unpack(b"not an archive").is_err());
    assert!(
        unpack(&hostile(b"./main.tf", EntryType::Regular, None)).unwrap().contains_key("main.tf")
    );
}

#[test]
fn limits_are_enforced_in_both_directions() {
    assert!(pack(&Files::new()).is_err());
    let many: Files = (0..=MAX_FILES).map(|n| (format!("{n}.tf"), Vec::new())).collect();
    assert_eq!(pack(&many).unwrap_err().kind, Kind::Limited);
    let large = Files::from([("big.tf".to_owned(), vec![b' '; MAX_BYTES + 1])]);
    assert_eq!(pack(&large).unwrap_err().kind, Kind::Limited);
    let bomb = {
        let mut builder = Builder::new(GzBuilder::new().write(Vec::new(), Compression::fast()));
        for (path, content) in &large {
            let mut header = Header::new_gnu();
            header.set_size(content.len() as u64);
            builder.append_data(&mut header, path, content.as_slice()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    };
    assert!(bomb.len() < 1 << 20);
    assert_eq!(unpack(&bomb).unwrap_err().kind, Kind::Limited);
}

proptest! {
    #[test]
    fn whatever_packs_unpacks_to_the_same(
        entries in prop::collection::btree_map("[a-z.]{1,8}(/[a-z.]{1,8}){0,2}", any::<Vec<u8>>(), 1..6)
    ) {
        if let Ok(bytes) = pack(&entries) {
            prop_assert_eq!(unpack(&bytes).unwrap(), entries);
        }
    }

    #[test]
    fn noise_never_panics(bytes in any::<Vec<u8>>()) {
        let _ = unpack(&bytes);
    }
}

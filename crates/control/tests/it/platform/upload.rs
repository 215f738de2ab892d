//! Archives, good and bad.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use pilothouse_control::terraform::executor;
use tar::{Builder, EntryType, Header};

use super::{
    client::{configuration_version::GetConfigurationVersionByIdRequest, ok},
    world::{World, id, trn, upload_path},
};

/// An archive of entries as they are, whatever their names.
fn archive(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, kind, content) in entries {
        let mut header = Header::new_ustar();
        header.as_ustar_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        if kind.is_symlink() || kind.is_hard_link() {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_bad_archive_is_refused_and_the_version_errored() {
    let world = World::new().await;
    let prod = world.prod().await;
    let many: Vec<(String, EntryType, &[u8])> =
        (0..10_001).map(|i| (format!("f{i}.tf"), EntryType::Regular, &b""[..])).collect();
    let many: Vec<_> =
        many.iter().map(|(name, kind, body)| (name.as_str(), *kind, *body)).collect();
    let file = EntryType::Regular;
    for (what, body) in [
        ("traversal", archive(&[("../evil.tf", file, b"x")])),
        ("absolute", archive(&[("/etc/evil.tf", file, b"x")])),
        ("inner traversal", archive(&[("a/../../evil.tf", file, b"x")])),
        ("symbolic link", archive(&[("link.tf", EntryType::Symlink, b"")])),
        ("hard link", archive(&[("link.tf", EntryType::Link, b"")])),
        ("device", archive(&[("null", EntryType::Char, b"")])),
        ("too many entries", archive(&many)),
        ("no archive", b"not gzip".to_vec()),
        ("no tar", gzip(b"not tar")),
    ] {
        let configuration = world.configuration(&prod, false).await;
        let path = upload_path(&prod, &configuration);
        let (status, error) = world.client.json("PUT", &path, body).await;
        assert_eq!(status, 400, "{what}: {error}");
        assert!(!error["detail"].as_str().unwrap().is_empty());
        let request = GetConfigurationVersionByIdRequest { id: trn(&configuration.metadata) };
        let configuration =
            ok(world.client.configurations().get_configuration_version_by_id(request).await);
        assert_eq!(configuration.status, "errored", "{what}");
    }
}

#[tokio::test]
async fn an_upload_larger_than_the_limit_is_cut_off() {
    let mut world = World::new().await;
    world.config.upload_limit = 1000;
    let _server = world.restart();
    let prod = world.prod().await;
    let configuration = world.configuration(&prod, false).await;
    let path = upload_path(&prod, &configuration);
    let (status, error) = world.client.json("PUT", &path, vec![0; 1001]).await;
    assert_eq!(status, 413, "{error}");
    assert!(error["detail"].as_str().unwrap().contains("larger than 1000 bytes"), "{error}");
    let uploaded = world.uploaded(&prod, false).await;
    assert_eq!(uploaded.status, "pending", "as it was created");
    let left = std::fs::read_dir(world.folder().join("terraform/configurations")).unwrap();
    assert_eq!(left.count(), 1, "nothing of the refused upload stays");
}

#[tokio::test]
async fn an_archive_is_taken_once_and_comes_back() {
    let world = World::new().await;
    let prod = world.prod().await;
    let configuration = world.configuration(&prod, false).await;
    let path = upload_path(&prod, &configuration);
    let body = archive(&[("main.tf", EntryType::Regular, b"# fine")]);
    let content = format!("/tfe/v2/configuration-versions/{}/content", id(&configuration.metadata));
    assert_eq!(world.client.json("GET", &content, "").await.0, 409);
    assert_eq!(world.client.json("PUT", &path, body.clone()).await.0, 200);
    let (status, error) = world.client.json("PUT", &path, body.clone()).await;
    assert_eq!(status, 409);
    assert!(error["detail"].as_str().unwrap().contains("uploaded"), "{error}");
    assert_eq!(world.client.rest("GET", &content, "").await, (200, body));
}

#[tokio::test]
async fn an_upload_names_the_workspace_it_is_for() {
    let world = World::new().await;
    let acme = world.group("acme", None).await;
    let (prod, dev) = (world.workspace(&acme, "prod").await, world.workspace(&acme, "dev").await);
    let configuration = world.configuration(&prod, false).await;
    let path = upload_path(&dev, &configuration);
    let files = [("main.tf".to_owned(), Vec::new())].into();
    let body = executor::pack(&files, &executor::ArchiveLimits::default()).unwrap();
    let (status, error) = world.client.json("PUT", &path, body).await;
    assert_eq!(status, 404, "{error}");
}

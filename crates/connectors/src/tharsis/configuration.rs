//! Configuration versions: files go up as one archive and come down as a file map.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use pilothouse_model::{Error, Result, text::sanitize};
use serde_json::{Map, Value, json};

use super::{
    answer::{owned_at, text, text_at},
    archive::{self, Files},
    reference,
};
use crate::{connector::hook::HookContext, request::encode_segment};

/// Text shown of one file when all are asked for, and when only this one is.
const MAX_SHOWN_FILE: usize = 64 << 10;
const MAX_SHOWN_SINGLE: usize = 512 << 10;
/// Text shown of all files together.
const MAX_SHOWN: usize = 512 << 10;

/// `configuration_version.upload`: fills a new version of a workspace, or a pending one.
pub(super) async fn upload(context: &HookContext<'_>, args: Map<String, Value>) -> Result<Value> {
    let (archive, files) = packed(&args)?;
    let version = match (text(&args, "workspace_id"), text(&args, "id")) {
        ("", "") => {
            return Err(Error::invalid("pass workspace_id, or the id of a pending version"));
        }
        ("", id) => context.call("configuration_version.get", json!({"id": id})).await?,
        (workspace, "") => {
            let speculative = args.get("speculative").cloned().unwrap_or(Value::Null);
            let create = json!({"workspace_id": workspace, "speculative": speculative});
            context.call("configuration_version.create", create).await?
        }
        _ => return Err(Error::invalid("pass either workspace_id or id, not both")),
    };
    let (Some(id), Some(workspace)) =
        (text_at(&version, "/metadata/id"), text_at(&version, "/workspace_id"))
    else {
        return Err(Error::upstream(format!(
            "{} did not say which configuration version it created",
            context.peer()
        )));
    };
    if let Some(status) = text_at(&version, "/status").filter(|status| *status != "pending") {
        return Err(Error::conflict(format!(
            "this configuration version is {status}, not pending"
        ))
        .hint("a version is filled once; pass workspace_id to create a new one"));
    }
    let size = archive.len();
    let target = format!(
        "/tfe/v2/workspaces/{}/configuration-versions/{}/upload",
        encode_segment(workspace),
        encode_segment(id),
    );
    context.upload(target, "application/octet-stream", archive).await?;
    let mut uploaded = context.call("configuration_version.get", json!({"id": id})).await?;
    uploaded["upload"] = json!({"files": files.len(), "archive_bytes": size});
    Ok(uploaded)
}

/// The archive to send and the files in it.
pub(super) fn packed(args: &Map<String, Value>) -> Result<(Bytes, Files)> {
    let files = args.get("files").and_then(Value::as_object);
    match (files, text(args, "archive")) {
        (Some(_), archive) if !archive.is_empty() => {
            Err(Error::invalid("pass either files or archive, not both"))
        }
        (Some(files), _) => {
            let files = files
                .iter()
                .map(|(path, content)| match content.as_str() {
                    Some(content) => Ok((path.clone(), content.as_bytes().to_vec())),
                    None => {
                        Err(Error::invalid(format!("files: the content of {path:?} is not text")))
                    }
                })
                .collect::<Result<Files>>()?;
            Ok((archive::pack(&files)?.into(), files))
        }
        (None, "") => Err(Error::invalid("pass files, or archive with a base64 tar.gz")),
        (None, archive) => {
            let bytes = STANDARD
                .decode(archive.trim())
                .map_err(|error| Error::invalid("archive: not base64").source(error))?;
            let files = archive::unpack(&bytes)?;
            Ok((bytes.into(), files))
        }
    }
}

/// `configuration_version.download`: names of all files, and the text of those that may be shown.
pub(super) async fn download(context: &HookContext<'_>, args: Map<String, Value>) -> Result<Value> {
    let id = text(&args, "id");
    let files = fetch(context, id).await?;
    let only = args.get("path").and_then(Value::as_str).filter(|path| !path.is_empty());
    let mut answer = match only {
        Some(path) => show_one(&files, path)?,
        None => show_all(&files),
    };
    answer["configuration_version_id"] = json!(id);
    Ok(answer)
}

/// All files of a version, within the limits of [`archive`].
pub(super) async fn fetch(context: &HookContext<'_>, id: &str) -> Result<Files> {
    // The path takes nothing but a GID.
    let gid = if let Some(gid) = reference::gid(id) {
        gid.to_string()
    } else {
        let version = context.call("configuration_version.get", json!({"id": id})).await?;
        owned_at(&version, "/metadata/id")
            .ok_or_else(|| reference::unexpected(id, "a configuration version"))?
    };
    let target = format!("/tfe/v2/configuration-versions/{}/content", encode_segment(&gid));
    let response = context.download(target).await?;
    archive::unpack(&response.body)
}

fn show_one(files: &Files, path: &str) -> Result<Value> {
    let content = files.get(path).ok_or_else(|| {
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        let error = Error::not_found("file", path);
        match pilothouse_registry::nearest(path, &names, 1).first() {
            Some(close) => error.hint(format!("did you mean {close}?")),
            None => error.hint("without path the answer lists all names"),
        }
    })?;
    match readable(content, MAX_SHOWN_SINGLE) {
        Ok(text) => Ok(json!({"files": {path: text}})),
        Err(why) => Ok(json!({"files": {}, "not_shown": [not_shown(path, content, why)]})),
    }
}

fn show_all(files: &Files) -> Value {
    let (mut shown, mut not_shown_files, mut used) = (Map::new(), Vec::new(), 0);
    for (path, content) in files {
        let text = match readable(content, MAX_SHOWN_FILE) {
            Ok(text) if used + text.len() > MAX_SHOWN => {
                Err("no room left; ask for it alone with path")
            }
            other => other,
        };
        match text {
            Ok(text) => {
                used += text.len();
                shown.insert(path.clone(), json!(text));
            }
            Err(why) => not_shown_files.push(not_shown(path, content, why)),
        }
    }
    let bytes: usize = files.values().map(Vec::len).sum();
    let mut answer = json!({"files": shown, "total_files": files.len(), "total_bytes": bytes});
    if !not_shown_files.is_empty() {
        answer["not_shown"] = json!(not_shown_files);
    }
    answer
}

fn not_shown(path: &str, content: &[u8], why: &str) -> Value {
    json!({"path": path, "bytes": content.len(), "why": why})
}

fn readable(content: &[u8], max: usize) -> Result<String, &'static str> {
    if content.len() > max {
        return Err("too large");
    }
    match std::str::from_utf8(content) {
        Ok(text) if !text.contains('\0') => Ok(sanitize(text)),
        _ => Err("not text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(json: &Value) -> Map<String, Value> {
        json.as_object().unwrap().clone()
    }

    #[test]
    fn an_upload_takes_files_or_an_archive() {
        let (bytes, files) = packed(&args(&json!({"files": {"main.tf": "a"}}))).unwrap();
        assert_eq!(files, Files::from([("main.tf".to_owned(), b"a".to_vec())]));
        let archive = STANDARD.encode(&bytes);
        assert_eq!(packed(&args(&json!({"archive": archive}))).unwrap(), (bytes, files));
        for (bad, why) in [
            (json!({}), "pass files"),
            (json!({"files": {}, "archive": "x"}), "not both"),
            (json!({"files": {}}), "at least one file"),
            (json!({"files": {"main.tf": 1}}), "\"main.tf\" is not text"),
            (json!({"archive": "%%%"}), "not base64"),
            (json!({"archive": STANDARD.encode("nonsense")}), "cannot be read as tar.gz"),
        ] {
            let error = packed(&args(&bad)).unwrap_err();
            assert!(error.message.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn a_download_shows_text_and_names_the_rest() {
        let files = Files::from([
            ("bin".to_owned(), vec![0, 159]),
            ("big.tf".to_owned(), vec![b'x'; MAX_SHOWN_FILE + 1]),
            ("main.tf".to_owned(), b"a\x1b[31mb".to_vec()),
        ]);
        let all = show_all(&files);
        assert_eq!(all["files"], json!({"main.tf": "ab"}));
        assert_eq!(all["total_files"], 3);
        assert_eq!(all["not_shown"][0]["why"], "too large");
        assert_eq!(all["not_shown"][1]["why"], "not text");
        let one = show_one(&files, "big.tf").unwrap();
        assert_eq!(one["files"]["big.tf"].as_str().unwrap().len(), MAX_SHOWN_FILE + 1);
        let error = show_one(&files, "mian.tf").unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("did you mean main.tf?"));
    }
}

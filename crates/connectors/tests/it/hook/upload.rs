//! Files that become a configuration, and what a failure on the way leaves.

use axum::{http::StatusCode, routing::put};

use super::*;

/// A platform that takes one configuration and keeps its bytes.
pub(super) fn upload_target(taken: Arc<Mutex<Bytes>>) -> (Connector, Arc<AtomicUsize>) {
    let created = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&created);
    let uploaded = Arc::clone(&taken);
    let version = move |call: Call| {
        let status = match call.method.as_str() {
            "ConfigurationVersions.CreateConfigurationVersion" => {
                counted.fetch_add(1, Ordering::SeqCst);
                "pending"
            }
            "ConfigurationVersions.GetConfigurationVersionByID" => {
                if uploaded.lock().unwrap().is_empty() { "pending" } else { "uploaded" }
            }
            _ => return Err(not_found(&call)),
        };
        Ok(json!({"metadata": metadata(&configuration_id(9), 9), "status": status,
            "workspace_id": workspace_id()}))
    };
    let upload = move |Path((workspace, version)): Path<(String, String)>, body: Bytes| {
        assert_eq!((workspace, version), (workspace_id(), configuration_id(9)));
        *taken.lock().unwrap() = body;
        std::future::ready(StatusCode::OK)
    };
    let path = "/tfe/v2/workspaces/{workspace}/configuration-versions/{version}/upload";
    (embedded(router(version).route(path, put(upload))), created)
}

#[tokio::test]
async fn files_are_uploaded_as_one_archive_and_read_back() {
    let taken = Arc::new(Mutex::new(Bytes::new()));
    let (connector, created) = upload_target(Arc::clone(&taken));
    let files = json!({"main.tf": "a = 1", "modules/net/main.tf": "é"});
    let upload = json!({"workspace_id": workspace_id(), "files": files});
    let version = ask(&connector, "configuration_version.upload", upload).await.unwrap();
    assert_eq!(version["status"], "uploaded");
    assert_eq!(version["metadata"]["id"], configuration_id(9));
    assert_eq!(version["upload"]["files"], 2);
    assert_eq!(created.load(Ordering::SeqCst), 1);

    let bytes = taken.lock().unwrap().clone();
    let content = move || std::future::ready(bytes);
    let path = "/tfe/v2/configuration-versions/{id}/content";
    let reader = embedded(Router::new().route(path, get(content)));
    let download = json!({"id": configuration_id(9)});
    let read = ask(&reader, "configuration_version.download", download).await.unwrap();
    assert_eq!(read["files"], files);
    assert_eq!(read["total_files"], 2);
}

#[tokio::test]
async fn a_refused_file_creates_nothing() {
    for (files, why) in [
        (json!({"../main.tf": "x"}), "contains .."),
        (json!({"/main.tf": "x"}), "absolute"),
        (json!({}), "at least one file"),
    ] {
        let (connector, created) = upload_target(Arc::default());
        let upload = json!({"workspace_id": workspace_id(), "files": files});
        let error = ask(&connector, "configuration_version.upload", upload).await.unwrap_err();
        assert!(error.message.contains(why), "{error}");
        assert_eq!(created.load(Ordering::SeqCst), 0);
    }
}

/// The version was created before its upload was refused.
#[tokio::test]
async fn a_hook_that_failed_half_way_does_not_count_as_undone() {
    let version = |call: &Call| match call.method.as_str() {
        "ConfigurationVersions.CreateConfigurationVersion" => Ok(json!({
            "metadata": metadata(&configuration_id(1), 0), "status": "pending",
            "workspace_id": workspace_id()})),
        _ => Err(not_found(call)),
    };
    let upload = json!({"workspace_id": workspace_id(), "files": {"main.tf": ""}});
    for (connector, certain) in [
        (embedded(router(move |call| version(&call))), false),
        (embedded(router(|call| Err(not_found(&call)))), true),
    ] {
        let upload = upload.clone();
        let error = ask(&connector, "configuration_version.upload", upload).await.unwrap_err();
        assert_eq!(error.kind, Kind::NotFound, "{error}");
        assert_eq!(error.changed_nothing, certain, "{error}");
    }
}

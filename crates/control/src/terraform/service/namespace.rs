//! Namespaces: groups and workspaces by path.

use pilothouse_model::{Error, text::prefix};
use pilothouse_store::terraform::{Namespace, NamespaceKind};

use crate::terraform::Terraform;

impl Terraform {
    /// The namespace at a path as callers write it: without `trn:`.
    pub(crate) async fn namespace_by_path(&self, path: &str) -> Result<Namespace, Error> {
        if path.is_empty() {
            return Err(Error::invalid("namespace_path is empty"));
        }
        let found = self.store.namespace_get_by_path(path).await?;
        found.ok_or_else(|| Error::not_found("namespace", prefix(path, 160)))
    }

    /// Deletes a namespace with all below it, and then the files that belonged to it.
    pub(super) async fn namespace_delete(&self, path: &str) -> Result<(), Error> {
        let mut archives = Vec::new();
        for namespace in self.store.namespace_subtree(path).await? {
            if namespace.kind == NamespaceKind::Workspace {
                archives.extend(self.store.configuration_version_ids(&namespace.id).await?);
            }
        }
        self.store.namespace_delete(path).await.map_err(|error| {
            Error::from(error).hint("cancel the runs that are under way there, or wait for them")
        })?;
        let files = self.files.clone();
        tokio::task::spawn_blocking(move || files.forget(&archives)).await.map_err(Error::internal)
    }
}

//! Managed identities: what runs may be elsewhere. They are kept and assigned here; who trusts
//! them, and hands out their credentials, is not known.

use pilothouse_model::{
    Caller, Error,
    id::{ResourceType, Trn},
};
use pilothouse_store::terraform::{
    ChangeError, IdentityKind, ManagedIdentity, ManagedIdentityFilter, ManagedIdentitySort, Meta,
    Page, PageRequest,
};

use super::taken;
use crate::terraform::{
    Terraform, limit,
    reference::{self, Reference},
    rule,
};

const KIND: ResourceType = ResourceType::ManagedIdentity;

pub(crate) struct NewManagedIdentity<'a> {
    pub(crate) name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) group: &'a str,
    pub(crate) kind: IdentityKind,
    pub(crate) data: &'a str,
}

pub(crate) struct ManagedIdentityQuery<'a> {
    /// Of a group or a workspace.
    pub(crate) namespace_path: &'a str,
    pub(crate) include_inherited: bool,
    pub(crate) alias_source: Option<&'a str>,
    pub(crate) search: Option<&'a str>,
}

pub(crate) fn trn(identity: &ManagedIdentity) -> String {
    Trn::new(KIND, format!("{}/{}", identity.group_path, identity.name)).to_string()
}

/// Whether a group is above a workspace.
fn is_above(group_path: &str, workspace_path: &str) -> bool {
    workspace_path.strip_prefix(group_path).is_some_and(|rest| rest.starts_with('/'))
}

impl Terraform {
    pub(crate) async fn managed_identity_create(
        &self,
        caller: &Caller,
        new: NewManagedIdentity<'_>,
    ) -> Result<ManagedIdentity, Error> {
        rule::line("data", new.data, limit::IDENTITY_DATA)?;
        let group = self.group_get(new.group).await?;
        let identity = ManagedIdentity {
            meta: Meta::new(self.config.clock.now()),
            group_id: group.meta.id,
            group_path: group.path,
            name: new.name.to_owned(),
            description: new.description.to_owned(),
            kind: new.kind,
            data: new.data.to_owned(),
            alias_source_id: None,
            created_by: caller.principal.name.clone(),
        };
        self.managed_identity_keep(identity).await
    }

    /// A name for an identity in another group, so that workspaces there can use it.
    pub(crate) async fn managed_identity_alias(
        &self,
        caller: &Caller,
        name: &str,
        source: &str,
        group: &str,
    ) -> Result<ManagedIdentity, Error> {
        let source = self.managed_identity_get(source).await?;
        let group = self.group_get(group).await?;
        if source.alias_source_id.is_some() {
            return Err(Error::invalid("an alias cannot stand for another alias")
                .hint("use the identity that it stands for"));
        }
        if source.group_path == group.path || is_above(&source.group_path, &group.path) {
            let message = format!("{:?} can use {:?} as it is", group.path, source.name);
            return Err(Error::invalid(message).hint("assign it without an alias"));
        }
        let identity = ManagedIdentity {
            meta: Meta::new(self.config.clock.now()),
            group_id: group.meta.id,
            group_path: group.path,
            name: name.to_owned(),
            alias_source_id: Some(source.meta.id),
            created_by: caller.principal.name.clone(),
            ..source
        };
        self.managed_identity_keep(identity).await
    }

    async fn managed_identity_keep(
        &self,
        identity: ManagedIdentity,
    ) -> Result<ManagedIdentity, Error> {
        rule::name("name", &identity.name)?;
        rule::description(&identity.description)?;
        let most = limit::MANAGED_IDENTITIES;
        let created = self.store.managed_identity_create(&identity, most).await;
        let what = || format!("the managed identity {:?}", identity.name);
        created.map_err(|error| taken(error, &what()))?;
        Ok(identity)
    }

    pub(crate) async fn managed_identity_get(&self, id: &str) -> Result<ManagedIdentity, Error> {
        let found = match reference::read(KIND, id)? {
            Reference::Id(id) => self.store.managed_identity_get(&id).await?,
            Reference::Path(path) => match path.rsplit_once('/') {
                Some((group, name)) => self.store.managed_identity_get_by_name(group, name).await?,
                None => None,
            },
        };
        found.ok_or_else(|| reference::not_found(KIND, id))
    }

    pub(crate) async fn managed_identity_list(
        &self,
        query: ManagedIdentityQuery<'_>,
        sort: ManagedIdentitySort,
        page: &PageRequest,
    ) -> Result<Page<ManagedIdentity>, Error> {
        rule::search(query.search.unwrap_or_default())?;
        let path = self.namespace_by_path(query.namespace_path).await?.path;
        let alias_source_id = match query.alias_source {
            Some(id) => Some(self.managed_identity_get(id).await?.meta.id),
            None => None,
        };
        let (group_path, lineage_of) =
            if query.include_inherited { (None, Some(path)) } else { (Some(path), None) };
        let search = query.search.map(str::to_lowercase);
        let filter = ManagedIdentityFilter { group_path, lineage_of, alias_source_id, search };
        Ok(self.store.managed_identity_list(&filter, sort, page).await?)
    }

    pub(crate) async fn managed_identity_update(
        &self,
        id: &str,
        description: Option<String>,
        data: Option<String>,
    ) -> Result<ManagedIdentity, Error> {
        let mut identity = self.managed_identity_get(id).await?;
        if let Some(description) = description {
            rule::description(&description)?;
            identity.description = description;
        }
        if let Some(data) = data {
            rule::line("data", &data, limit::IDENTITY_DATA)?;
            if identity.alias_source_id.is_some() {
                return Err(Error::invalid("an alias has no data of its own")
                    .hint("change the identity that it stands for"));
            }
            identity.data = data;
        }
        self.store.managed_identity_update(&identity, self.config.clock.now()).await?;
        self.managed_identity_by_id(&identity.meta.id).await
    }

    async fn managed_identity_by_id(&self, id: &str) -> Result<ManagedIdentity, Error> {
        let found = self.store.managed_identity_get(id).await?;
        found.ok_or_else(|| reference::not_found(KIND, &reference::gid(KIND, id)))
    }

    /// Moves it to another group. Workspaces that are not below that group lose it.
    pub(crate) async fn managed_identity_move(
        &self,
        id: &str,
        new_group: &str,
    ) -> Result<ManagedIdentity, Error> {
        let group = self.group_get(new_group).await?;
        let mut identity = self.managed_identity_get(id).await?;
        identity.group_id = group.meta.id;
        let moved = self.store.managed_identity_update(&identity, self.config.clock.now()).await;
        moved
            .map_err(|error| taken(error, &format!("the managed identity {:?}", identity.name)))?;
        self.managed_identity_by_id(&identity.meta.id).await
    }

    /// Deletes it, and its aliases with it. `alias`: what the caller takes it for.
    pub(crate) async fn managed_identity_delete(
        &self,
        id: &str,
        alias: bool,
        force: bool,
    ) -> Result<(), Error> {
        let identity = self.managed_identity_get(id).await?;
        if identity.alias_source_id.is_some() != alias {
            let what = if alias { "not an alias" } else { "an alias" };
            return Err(Error::invalid(format!("{:?} is {what}", identity.name)));
        }
        match self.store.managed_identity_delete(&identity.meta.id, force).await {
            Err(ChangeError::Held) => {
                let message = format!("workspaces use {:?}", identity.name);
                Err(Error::conflict(message).hint("take it away from them first, or use force"))
            }
            other => Ok(other?),
        }
    }

    pub(crate) async fn managed_identity_assign(
        &self,
        id: &str,
        workspace: &str,
    ) -> Result<(), Error> {
        let identity = self.managed_identity_get(id).await?;
        let workspace = self.workspace_get(workspace).await?;
        if !is_above(&identity.group_path, &workspace.path) {
            let (group, path) = (&identity.group_path, &workspace.path);
            return Err(Error::invalid(format!("{path:?} is not below the group {group:?}"))
                .hint("make an alias of the identity in a group above the workspace"));
        }
        let (most, now) = (limit::ASSIGNED_IDENTITIES, self.config.clock.now());
        let (id, workspace_id) = (&identity.meta.id, &workspace.meta.id);
        let assigned = self.store.managed_identity_assign(id, workspace_id, most, now).await;
        assigned.map_err(|error| match error {
            ChangeError::Store(error) if error.is_duplicate() => {
                let (path, name) = (&workspace.path, &identity.name);
                Error::conflict(format!("{path:?} uses {name:?} already")).source(error)
            }
            other => other.into(),
        })
    }

    pub(crate) async fn managed_identity_unassign(
        &self,
        id: &str,
        workspace: &str,
    ) -> Result<(), Error> {
        let identity = self.managed_identity_get(id).await?;
        let workspace = self.workspace_get(workspace).await?;
        let (id, workspace_id) = (&identity.meta.id, &workspace.meta.id);
        if self.store.managed_identity_unassign(id, workspace_id).await? {
            return Ok(());
        }
        let (path, name) = (&workspace.path, &identity.name);
        Err(Error::conflict(format!("{path:?} does not use {name:?}")))
    }

    pub(crate) async fn managed_identity_list_for_workspace(
        &self,
        workspace: &str,
    ) -> Result<Vec<ManagedIdentity>, Error> {
        let workspace = self.workspace_get(workspace).await?;
        Ok(self.store.managed_identity_list_for_workspace(&workspace.meta.id).await?)
    }
}

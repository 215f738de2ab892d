//! Groups: the tree that holds workspaces.

use pilothouse_model::{Caller, Error, id::ResourceType};
use pilothouse_store::terraform::{Group, GroupFilter, GroupSort, Meta, Page, PageRequest};

use super::{check_version, taken};
use crate::terraform::{
    Terraform, limit,
    reference::{self, Reference},
    rule,
};

pub(crate) struct NewGroup<'a> {
    pub(crate) name: &'a str,
    pub(crate) description: &'a str,
    /// Absent: a root group.
    pub(crate) parent: Option<&'a str>,
}

fn child_path(parent: Option<&Group>, name: &str) -> String {
    parent.map_or_else(|| name.to_owned(), |parent| format!("{}/{name}", parent.path))
}

fn depth(path: &str) -> usize {
    path.split('/').count()
}

fn check_depth(depth: usize) -> Result<(), Error> {
    let max = limit::GROUP_TREE_DEPTH;
    if depth > max {
        return Err(Error::limited(format!("groups can be nested {max} deep, not {depth}")));
    }
    Ok(())
}

impl Terraform {
    pub(crate) async fn group_create(
        &self,
        caller: &Caller,
        new: NewGroup<'_>,
    ) -> Result<Group, Error> {
        rule::name("name", new.name)?;
        rule::description(new.description)?;
        let parent = match new.parent {
            Some(id) => Some(self.group_get(id).await?),
            None => None,
        };
        let path = child_path(parent.as_ref(), new.name);
        check_depth(depth(&path))?;
        let group = Group {
            meta: Meta::new(self.config.clock.now()),
            name: new.name.to_owned(),
            description: new.description.to_owned(),
            parent_id: parent.map(|parent| parent.meta.id),
            created_by: caller.principal.name.clone(),
            path,
        };
        let created = self.store.group_create(&group, limit::SUBGROUPS_PER_PARENT).await;
        created.map_err(|error| taken(error, &format!("the path {:?}", group.path)))?;
        Ok(group)
    }

    pub(crate) async fn group_get(&self, id: &str) -> Result<Group, Error> {
        let found = match reference::read(ResourceType::Group, id)? {
            Reference::Id(id) => self.store.group_get(&id).await?,
            Reference::Path(path) => self.store.group_get_by_path(&path).await?,
        };
        found.ok_or_else(|| reference::not_found(ResourceType::Group, id))
    }

    pub(crate) async fn group_list(
        &self,
        parent: Option<&str>,
        search: Option<&str>,
        visible: Option<Vec<String>>,
        sort: GroupSort,
        page: &PageRequest,
    ) -> Result<Page<Group>, Error> {
        rule::search(search.unwrap_or_default())?;
        let parent_id = match parent {
            Some(id) => Some(self.group_get(id).await?.meta.id),
            None => None,
        };
        let search = search.map(str::to_lowercase);
        let filter = GroupFilter { parent_id, search, visible };
        Ok(self.store.group_list(&filter, sort, page).await?)
    }

    pub(crate) async fn group_update(
        &self,
        id: &str,
        version: Option<i64>,
        description: Option<&str>,
    ) -> Result<Group, Error> {
        rule::description(description.unwrap_or_default())?;
        let group = self.group_get(id).await?;
        check_version(version, group.meta.version)?;
        if let Some(description) = description {
            let now = self.config.clock.now();
            let Group { meta, .. } = &group;
            self.store.group_update(&meta.id, meta.version, description, now).await?;
        }
        self.group_get(id).await
    }

    pub(crate) async fn group_delete(
        &self,
        id: &str,
        version: Option<i64>,
        force: bool,
    ) -> Result<(), Error> {
        let group = self.group_get(id).await?;
        check_version(version, group.meta.version)?;
        let below = self.store.namespace_subtree(&group.path).await?.len() - 1;
        if below > 0 && !force {
            let message = format!("{:?} holds {below} groups and workspaces", group.path);
            return Err(Error::conflict(message).hint("delete those first, or use force"));
        }
        self.namespace_delete(&group.path).await
    }

    /// Moves a group with all below it under another, or to the root.
    pub(crate) async fn group_migrate(
        &self,
        id: &str,
        new_parent: Option<&str>,
    ) -> Result<Group, Error> {
        let parent = match new_parent {
            Some(id) => Some(self.group_get(id).await?),
            None => None,
        };
        let group = self.group_get(id).await?;
        let within =
            |path: &str| path == group.path || path.starts_with(&format!("{}/", group.path));
        if parent.as_ref().is_some_and(|parent| within(&parent.path)) {
            return Err(Error::invalid("a group cannot be moved into itself"));
        }
        let path = child_path(parent.as_ref(), &group.name);
        if path == group.path {
            return Ok(group);
        }
        let below = self.store.namespace_subtree(&group.path).await?;
        let deepest = below.iter().map(|namespace| depth(&namespace.path)).max().unwrap_or(0);
        check_depth(depth(&path) + deepest - depth(&group.path))?;
        let parent_id = parent.as_ref().map(|parent| parent.meta.id.as_str());
        let now = self.config.clock.now();
        let most = limit::SUBGROUPS_PER_PARENT;
        let moved = self.store.group_move(&group, parent_id, &path, most, now).await;
        moved.map_err(|error| taken(error, &format!("the path {path:?}")))?;
        let moved = self.store.group_get(&group.meta.id).await?;
        moved.ok_or_else(|| reference::not_found(ResourceType::Group, id))
    }
}

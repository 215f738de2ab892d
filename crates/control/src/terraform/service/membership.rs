//! Memberships: who has which role in a group or workspace.

use std::collections::HashSet;

use pilothouse_access::{membership, permission::role_id};
use pilothouse_model::{
    Caller, Error, Namespace, Role,
    id::{Gid, ResourceType, Trn},
    text::prefix,
};
use pilothouse_store::{
    access::{Membership, MembershipFilter},
    terraform::NamespaceKind,
};

use super::check_version;
use crate::terraform::{
    Terraform,
    reference::{self, Reference, target},
};

const KIND: ResourceType = ResourceType::NamespaceMembership;

/// Whom a request names, as the caller wrote it. Exactly one of them must be given.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Member<'a> {
    pub(crate) user: Option<&'a str>,
    pub(crate) service_account: Option<&'a str>,
    pub(crate) team: Option<&'a str>,
}

/// The role that an id or a TRN names.
pub(crate) fn role(text: &str) -> Result<Role, Error> {
    let found = match text.parse::<Trn>() {
        Ok(trn) if trn.kind == ResourceType::Role => trn.path().parse().ok(),
        Ok(_) => None,
        Err(_) => {
            let uuid = match text.parse::<Gid>() {
                Ok(gid) if gid.kind == ResourceType::Role => gid.uuid.hyphenated().to_string(),
                _ => text.to_owned(),
            };
            Role::ALL.into_iter().find(|role| role_id(*role) == uuid)
        }
    };
    found.ok_or_else(|| {
        reference::not_found(ResourceType::Role, text)
            .hint("trn:role:owner, deployer, publisher or viewer")
    })
}

impl Terraform {
    pub(crate) async fn membership_create(
        &self,
        caller: &Caller,
        namespace_path: &str,
        member: Member<'_>,
        role: Role,
    ) -> Result<Membership, Error> {
        let subject = self.subject_of(member).await?;
        let namespace = Namespace::terraform(&self.namespace_by_path(namespace_path).await?.path);
        let by = &caller.principal.name;
        let now = self.config.clock.now();
        membership::create(&self.store, &subject, role, &namespace, by, now).await
    }

    pub(crate) async fn membership_get(&self, id: &str) -> Result<Membership, Error> {
        let wanted = target(KIND, id)?;
        let found = self.store.membership_get(&wanted.id).await?;
        // Those of other platforms are not this one's business.
        found
            .filter(|found| found.namespace_id.is_some() && wanted.is_in(&found.namespace.path))
            .ok_or_else(|| reference::not_found(KIND, id))
    }

    /// Those that count in a namespace: of each subject the nearest.
    pub(crate) async fn membership_list_of_namespace(
        &self,
        path: &str,
    ) -> Result<Vec<Membership>, Error> {
        let namespace = self.namespace_by_path(path).await?;
        let lineage = self.store.namespace_lineage(&namespace.path).await?;
        let mut paths: Vec<String> = lineage.into_iter().map(|above| above.path).collect();
        paths.sort_unstable_by_key(|path| std::cmp::Reverse(path.len()));
        let (mut seen, mut counting) = (HashSet::new(), Vec::new());
        for path in paths {
            let namespace = Some(Namespace::terraform(&path));
            let filter = MembershipFilter { subject: None, namespace };
            for found in self.store.membership_list(&filter).await? {
                if seen.insert(found.subject.clone()) {
                    counting.push(found);
                }
            }
        }
        Ok(counting)
    }

    pub(crate) async fn membership_list_of_subject(
        &self,
        member: Member<'_>,
    ) -> Result<Vec<Membership>, Error> {
        let subject = Some(self.subject_of(member).await?);
        let filter = MembershipFilter { subject, namespace: None };
        let found = self.store.membership_list(&filter).await?;
        Ok(found.into_iter().filter(|found| found.namespace_id.is_some()).collect())
    }

    pub(crate) async fn membership_update(
        &self,
        id: &str,
        version: Option<i64>,
        role: Role,
    ) -> Result<Membership, Error> {
        let found = self.membership_get(id).await?;
        check_version(version, found.meta.version)?;
        let now = self.config.clock.now();
        self.store.membership_update(&found.meta.id, found.meta.version, role, now).await?;
        self.membership_get(id).await
    }

    pub(crate) async fn membership_delete(
        &self,
        id: &str,
        version: Option<i64>,
    ) -> Result<(), Error> {
        let found = self.membership_get(id).await?;
        check_version(version, found.meta.version)?;
        Ok(self.store.membership_delete(&found.meta.id, found.meta.version).await?)
    }

    /// Whether a membership is of a group or of a workspace.
    pub(crate) async fn membership_place(
        &self,
        found: &Membership,
    ) -> Result<NamespaceKind, Error> {
        Ok(self.namespace_by_path(&found.namespace.path).await?.kind)
    }

    /// The id of the principal or team that a request names.
    async fn subject_of(&self, member: Member<'_>) -> Result<String, Error> {
        match (member.user, member.service_account, member.team) {
            (Some(user), None, None) => named(ResourceType::User, "user", user),
            (None, Some(id), None) => Ok(self.service_account_get(id).await?.subject()),
            (None, None, Some(team)) => match reference::read(ResourceType::Team, team) {
                Ok(Reference::Id(_)) => Ok(self.team_get(team).await?.subject()),
                _ => named(ResourceType::Team, "team", team),
            },
            _ => Err(Error::invalid("name one of user_id, service_account_id and team_id")),
        }
    }
}

/// How a principal is named where Tharsis wants a user's id. One that is no user, such as an API key,
/// is shown under its own.
pub(crate) fn user_id(subject: &str) -> String {
    match subject.strip_prefix("user:") {
        Some(name) => reference::trn(ResourceType::User, name),
        None => subject.to_owned(),
    }
}

/// A user or a team, by TRN or as the subject that it is.
pub(super) fn named(kind: ResourceType, word: &str, text: &str) -> Result<String, Error> {
    let name = match text.split_once(':') {
        Some((own, name)) if own == word => Some(name.to_owned()),
        _ => match reference::read(kind, text) {
            Ok(Reference::Path(path)) => Some(path),
            _ => None,
        },
    };
    name.map(|name| format!("{word}:{name}")).ok_or_else(|| {
        Error::invalid(format!("{:?} names no {word}", prefix(text, 80)))
            .hint(format!("write trn:{word}:NAME"))
    })
}

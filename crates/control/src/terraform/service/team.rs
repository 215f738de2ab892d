//! Teams and their members, as Tharsis' clients name them.

use pilothouse_access::{membership::MAX_SUBJECT, team};
use pilothouse_model::{Caller, Error, id::ResourceType};
use pilothouse_store::access::{Team, TeamMember, TeamMemberFilter};

use super::{check_version, membership::named};
use crate::terraform::{
    Terraform,
    reference::{self, Reference},
    rule,
};

const KIND: ResourceType = ResourceType::Team;

/// Which teams to list.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TeamQuery<'a> {
    pub(crate) prefix: Option<&'a str>,
    /// A user who is in them.
    pub(crate) user: Option<&'a str>,
}

/// A member's principal: a user by name, or anybody by id (`github:jo`).
fn principal(username: &str) -> Result<String, Error> {
    rule::line("username", username, MAX_SUBJECT)?;
    Ok(if username.contains(':') { username.to_owned() } else { format!("user:{username}") })
}

fn user(id: &str) -> Result<String, Error> {
    if id.contains(':') && !id.starts_with("trn:") {
        return principal(id);
    }
    named(ResourceType::User, "user", id)
}

impl Terraform {
    pub(crate) async fn team_create(
        &self,
        caller: &Caller,
        name: &str,
        description: &str,
    ) -> Result<Team, Error> {
        rule::description(description)?;
        let (by, now) = (&caller.principal.name, self.config.clock.now());
        team::create(&self.store, name, description, by, now).await
    }

    pub(crate) async fn team_get(&self, id: &str) -> Result<Team, Error> {
        let found = match reference::read(KIND, id)? {
            Reference::Id(id) => self.store.team_get(&id).await?,
            Reference::Path(name) => self.store.team_get_by_name(&name).await?,
        };
        found.ok_or_else(|| reference::not_found(KIND, id))
    }

    /// By name.
    pub(crate) async fn team_list(&self, query: TeamQuery<'_>) -> Result<Vec<Team>, Error> {
        let prefix = query.prefix.unwrap_or_default();
        rule::search(prefix)?;
        let mut found = self.store.team_list().await?;
        found.retain(|team| team.name.starts_with(prefix));
        if let Some(id) = query.user {
            let of_user = self.store.team_subjects_of(&user(id)?).await?;
            found.retain(|team| of_user.contains(&team.subject()));
        }
        Ok(found)
    }

    pub(crate) async fn team_update(
        &self,
        id: &str,
        version: Option<i64>,
        description: &str,
    ) -> Result<Team, Error> {
        rule::description(description)?;
        let team = self.team_get(id).await?;
        check_version(version, team.meta.version)?;
        let now = self.config.clock.now();
        let (id, version) = (&team.meta.id, team.meta.version);
        self.store.team_update(id, version, description, now).await?;
        Ok(self.store.team_get(id).await?.unwrap_or(team))
    }

    pub(crate) async fn team_delete(&self, id: &str, version: Option<i64>) -> Result<(), Error> {
        let team = self.team_get(id).await?;
        check_version(version, team.meta.version)?;
        Ok(self.store.team_delete(&team).await?)
    }

    pub(crate) async fn team_member_add(
        &self,
        team_name: &str,
        username: &str,
    ) -> Result<TeamMember, Error> {
        let team = team::find(&self.store, team_name).await?;
        team::add(&self.store, &team, &principal(username)?, self.config.clock.now()).await
    }

    pub(crate) async fn team_member_get(
        &self,
        team_name: &str,
        username: &str,
    ) -> Result<TeamMember, Error> {
        let team_id = Some(team::find(&self.store, team_name).await?.meta.id);
        let filter = TeamMemberFilter { team_id, subject: Some(principal(username)?) };
        let found = self.store.team_member_list(&filter).await?;
        let path = || format!("trn:team_member:{team_name}/{username}");
        found
            .into_iter()
            .next()
            .ok_or_else(|| reference::not_found(ResourceType::TeamMember, &path()))
    }

    pub(crate) async fn team_member_remove(
        &self,
        team_name: &str,
        username: &str,
    ) -> Result<(), Error> {
        let team = team::find(&self.store, team_name).await?;
        team::remove(&self.store, &team, &principal(username)?).await
    }

    /// By member.
    pub(crate) async fn team_member_list(
        &self,
        team: Option<&str>,
        member: Option<&str>,
    ) -> Result<Vec<TeamMember>, Error> {
        let team_id = match team {
            Some(id) => Some(self.team_get(id).await?.meta.id),
            None => None,
        };
        let subject = member.map(user).transpose()?;
        Ok(self.store.team_member_list(&TeamMemberFilter { team_id, subject }).await?)
    }
}

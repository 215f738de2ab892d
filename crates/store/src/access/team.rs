//! Teams and who is in them.

use pilothouse_model::Timestamp;

use super::{membership::membership_delete_subject, revision_grow};
use crate::{
    Result, Store,
    dialect::{execute, run},
    terraform::{
        ChangeError, Meta,
        error::exactly_one,
        row::{Columns, read_all, read_one},
    },
    text::storable,
};

/// Most teams, and most members of one.
pub const MAX_TEAMS: i64 = 1000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    pub meta: Meta,
    pub name: String,
    pub description: String,
    pub created_by: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamMember {
    pub meta: Meta,
    pub team_id: String,
    pub team_name: String,
    /// The id of a principal.
    pub subject: String,
}

/// Which members to list. An absent field does not restrict.
#[derive(Clone, Debug, Default)]
pub struct TeamMemberFilter {
    pub team_id: Option<String>,
    pub subject: Option<String>,
}

const COUNT: &str = "SELECT COUNT(*) FROM access_team WHERE id <> $1";

const INSERT: &str = "
    INSERT INTO access_team (id, version, created_at, updated_at, created_by, name, description)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

const GET: &str = "SELECT * FROM access_team WHERE id = $1";

const BY_NAME: &str = "SELECT * FROM access_team WHERE name = $1";

const LIST: &str = "SELECT * FROM access_team ORDER BY name";

const UPDATE: &str = "
    UPDATE access_team SET description = $3, updated_at = $4, version = version + 1
    WHERE id = $1 AND version = $2";

const DELETE: &str = "DELETE FROM access_team WHERE id = $1 AND version = $2";

const COUNT_MEMBERS: &str = "SELECT COUNT(*) FROM access_team_member WHERE team_id = $1";

const INSERT_MEMBER: &str = "
    INSERT INTO access_team_member (id, version, created_at, updated_at, team_id, subject)
    VALUES ($1, $2, $3, $4, $5, $6)";

const MEMBERS: &str = "
    SELECT m.*, t.name AS team_name
    FROM access_team_member m JOIN access_team t ON t.id = m.team_id
    WHERE ($1 IS NULL OR m.team_id = $1) AND ($2 IS NULL OR m.subject = $2)
    ORDER BY m.subject, t.name LIMIT 1000";

const DELETE_MEMBER: &str = "DELETE FROM access_team_member WHERE team_id = $1 AND subject = $2";

const TEAMS_OF: &str = "
    SELECT t.name FROM access_team_member m JOIN access_team t ON t.id = m.team_id
    WHERE m.subject = $1 ORDER BY t.name";

impl Team {
    /// What it is called in memberships.
    pub fn subject(&self) -> String {
        subject(&self.name)
    }

    fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self {
            meta: Meta::read(row)?,
            name: row.text("name")?,
            description: row.text("description")?,
            created_by: row.text("created_by")?,
        })
    }
}

impl TeamMember {
    fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self {
            meta: Meta::read(row)?,
            team_id: row.text("team_id")?,
            team_name: row.text("team_name")?,
            subject: row.text("subject")?,
        })
    }
}

fn subject(team: &str) -> String {
    format!("team:{team}")
}

impl Store {
    /// Fails as a duplicate when the name is taken.
    pub async fn team_create(&self, team: &Team) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        tx.limit(COUNT, "", MAX_TEAMS, "teams").await?;
        execute!(
            tx.connection(),
            sqlx::query(INSERT)
                .bind(&team.meta.id)
                .bind(team.meta.version)
                .bind(team.meta.created_at.0)
                .bind(team.meta.updated_at.0)
                .bind(storable(&team.created_by))
                .bind(storable(&team.name))
                .bind(storable(&team.description))
        )?;
        Ok(tx.commit().await?)
    }

    pub async fn team_get(&self, id: &str) -> Result<Option<Team>> {
        read_one!(self.read(), sqlx::query(GET).bind(storable(id)), Team::read)
    }

    pub async fn team_get_by_name(&self, name: &str) -> Result<Option<Team>> {
        read_one!(self.read(), sqlx::query(BY_NAME).bind(storable(name)), Team::read)
    }

    /// By name; there are at most [`MAX_TEAMS`].
    pub async fn team_list(&self) -> Result<Vec<Team>> {
        read_all!(self.read(), sqlx::query(LIST), Team::read)
    }

    /// Gives the team as it was at `version` another description.
    pub async fn team_update(
        &self,
        id: &str,
        version: i64,
        description: &str,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        exactly_one(execute!(
            self.write(),
            sqlx::query(UPDATE).bind(id).bind(version).bind(storable(description)).bind(now.0)
        )?)
    }

    /// Deletes the team as it was at `version`, with all that was granted to it.
    pub async fn team_delete(&self, team: &Team) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        let Meta { id, version, .. } = &team.meta;
        exactly_one(execute!(tx.connection(), sqlx::query(DELETE).bind(id).bind(version))?)?;
        membership_delete_subject(&mut tx, &team.subject()).await?;
        revision_grow(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// Fails as a duplicate when the subject is in the team already.
    pub async fn team_member_add(&self, member: &TeamMember) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        tx.limit(COUNT_MEMBERS, &member.team_id, MAX_TEAMS, "members of a team").await?;
        execute!(
            tx.connection(),
            sqlx::query(INSERT_MEMBER)
                .bind(&member.meta.id)
                .bind(member.meta.version)
                .bind(member.meta.created_at.0)
                .bind(member.meta.updated_at.0)
                .bind(&member.team_id)
                .bind(storable(&member.subject))
        )?;
        revision_grow(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// `false`: the subject was not in the team.
    pub async fn team_member_remove(&self, team_id: &str, subject: &str) -> Result<bool> {
        let mut tx = self.begin().await?;
        let removed = execute!(
            tx.connection(),
            sqlx::query(DELETE_MEMBER).bind(team_id).bind(storable(subject))
        )?;
        revision_grow(&mut tx).await?;
        tx.commit().await?;
        Ok(removed == 1)
    }

    /// By subject, at most 1000.
    pub async fn team_member_list(&self, filter: &TeamMemberFilter) -> Result<Vec<TeamMember>> {
        read_all!(
            self.read(),
            sqlx::query(MEMBERS)
                .bind(filter.team_id.as_deref().map(storable))
                .bind(filter.subject.as_deref().map(storable)),
            TeamMember::read
        )
    }

    /// The teams that a principal is in, as subjects of memberships.
    pub async fn team_subjects_of(&self, principal: &str) -> Result<Vec<String>> {
        let names: Vec<String> = run!(self.read(), |db| {
            sqlx::query_scalar(TEAMS_OF).bind(storable(principal)).fetch_all(db).await
        })?;
        Ok(names.iter().map(|name| subject(name)).collect())
    }
}

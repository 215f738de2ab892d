//! Teams: what is granted to one is granted to each of its members.

use pilothouse_model::{Error, Timestamp, text};
use pilothouse_store::{
    Store,
    access::{Team, TeamMember},
    terraform::{ChangeError, Meta},
};

use crate::membership::check_subject;

/// Longest name, in characters.
const MAX_NAME: usize = 64;

/// Makes an empty team.
pub async fn create(
    store: &Store,
    name: &str,
    description: &str,
    by: &str,
    now: Timestamp,
) -> Result<Team, Error> {
    check_name(name)?;
    let team = Team {
        meta: Meta::new(now),
        name: name.to_owned(),
        description: description.to_owned(),
        created_by: by.to_owned(),
    };
    let created = store.team_create(&team).await;
    created.map_err(|error| taken(error, || format!("there is a team {name:?} already")))?;
    Ok(team)
}

/// The team of this name.
pub async fn find(store: &Store, name: &str) -> Result<Team, Error> {
    store.team_get_by_name(name).await?.ok_or_else(|| {
        Error::not_found("team", name).hint("pilothouse teams list shows all of them")
    })
}

/// Puts a principal into the team: what the team was granted counts for it from now on.
pub async fn add(
    store: &Store,
    team: &Team,
    subject: &str,
    now: Timestamp,
) -> Result<TeamMember, Error> {
    check_subject(subject)?;
    if subject.starts_with("team:") {
        return Err(Error::invalid("a team is not a member of another team"));
    }
    let member = TeamMember {
        meta: Meta::new(now),
        team_id: team.meta.id.clone(),
        team_name: team.name.clone(),
        subject: subject.to_owned(),
    };
    let added = store.team_member_add(&member).await;
    let message = || format!("{subject:?} is in the team {:?} already", team.name);
    added.map_err(|error| taken(error, message))?;
    Ok(member)
}

/// Takes a principal out of the team.
pub async fn remove(store: &Store, team: &Team, subject: &str) -> Result<(), Error> {
    if store.team_member_remove(&team.meta.id, subject).await? {
        return Ok(());
    }
    Err(Error::not_found("member", subject).hint(format!("it is not in the team {}", team.name)))
}

fn taken(error: ChangeError, message: impl FnOnce() -> String) -> Error {
    match error {
        ChangeError::Store(error) if error.is_duplicate() => Error::conflict(message()),
        other => other.into(),
    }
}

/// As Tharsis names things: it becomes part of a subject's id.
fn check_name(name: &str) -> Result<(), Error> {
    if text::is_name(name, MAX_NAME) {
        return Ok(());
    }
    let shown = text::prefix(name, 80);
    Err(Error::invalid(format!("{shown:?} cannot be a team's name")).hint(
        "use 1 to 64 lowercase letters, digits, - and _, with a letter or digit at both ends",
    ))
}

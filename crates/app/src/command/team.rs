//! `teams`: what is granted to a team is granted to its members.

use pilothouse_access::team;
use pilothouse_model::{Error, Timestamp};
use pilothouse_store::{
    Store,
    access::{Team, TeamMemberFilter},
};
use serde_json::{Value, json};

use super::screen;
use crate::{
    cli::{Output, TeamCommand, TeamMember},
    compose::Product,
    exit::Exit,
};

pub(super) async fn run(product: &Product, command: &TeamCommand) -> Result<Exit, Error> {
    let store = &product.store;
    let now = Timestamp::now();
    match command {
        TeamCommand::List(output) => list(store, *output).await,
        TeamCommand::Create { name, description } => {
            team::create(store, name, description, &product.operator.id, now).await?;
            screen::text_line(&format!(
                "pilothouse teams add {name} user:NAME puts people into it."
            ))
        }
        TeamCommand::Delete { name } => {
            store.team_delete(&team::find(store, name).await?).await?;
            screen::text_line(&format!("The team {name} and all that it was granted are gone."))
        }
        TeamCommand::Add(TeamMember { team, subject }) => {
            team::add(store, &team::find(store, team).await?, subject, now).await?;
            screen::text_line(&format!("{subject} is in {team} from the next call on."))
        }
        TeamCommand::Remove(TeamMember { team, subject }) => {
            team::remove(store, &team::find(store, team).await?, subject).await?;
            screen::text_line(&format!("{subject} is not in {team} any more."))
        }
    }
}

async fn list(store: &Store, output: Output) -> Result<Exit, Error> {
    let mut teams = Vec::new();
    for team in store.team_list().await? {
        let filter = TeamMemberFilter { team_id: Some(team.meta.id.clone()), subject: None };
        let members = store.team_member_list(&filter).await?;
        teams.push((team, members.into_iter().map(|one| one.subject).collect::<Vec<_>>()));
    }
    if output.json {
        let views: Vec<_> = teams.iter().map(|(team, members)| view(team, members)).collect();
        return screen::json(&views);
    }
    let row = |(team, members): (Team, Vec<String>)| {
        vec![team.name, members.join(", "), team.description]
    };
    let rows = teams.into_iter().map(row).collect();
    screen::table(&["team", "members", "description"], rows, "There is no team.")
}

fn view(team: &Team, members: &[String]) -> Value {
    json!({
        "id": team.meta.id,
        "name": team.name,
        "description": team.description,
        "members": members,
        "created_by": team.created_by,
        "created_at": team.meta.created_at.to_string(),
    })
}

//! Teams, their members and what goes with them.

use pilothouse_model::Role;
use pilothouse_store::{
    access::{MAX_TEAMS, Team, TeamMember, TeamMemberFilter},
    terraform::{ChangeError, Meta},
};

use super::membership::{grants, membership};
use crate::backend::{NOW, later, on_each};

fn team(name: &str) -> Team {
    Team {
        meta: Meta::new(NOW),
        name: name.to_owned(),
        description: String::new(),
        created_by: "jo".to_owned(),
    }
}

fn member(team: &Team, subject: &str) -> TeamMember {
    TeamMember {
        meta: Meta::new(NOW),
        team_id: team.meta.id.clone(),
        team_name: team.name.clone(),
        subject: subject.to_owned(),
    }
}

#[tokio::test]
async fn a_team_ends_with_its_members_and_grants() {
    on_each(|store| async move {
        let (ops, dev) = (team("ops"), team("dev"));
        for team in [&ops, &dev] {
            store.team_create(team).await.unwrap();
            store.team_member_add(&member(team, "user:jo")).await.unwrap();
        }
        store.team_member_add(&member(&ops, "github:al")).await.unwrap();
        store.membership_create(&membership("team:ops", Role::Viewer, "mctl:")).await.unwrap();
        assert_eq!(store.team_subjects_of("user:jo").await.unwrap(), ["team:dev", "team:ops"]);
        let of_ops = TeamMemberFilter { team_id: Some(ops.meta.id.clone()), subject: None };
        let found = store.team_member_list(&of_ops).await.unwrap();
        let subjects: Vec<_> = found.iter().map(|one| one.subject.as_str()).collect();
        assert_eq!(subjects, ["github:al", "user:jo"]);

        let (id, before) = (&ops.meta.id, store.access_changes());
        store.team_update(id, 1, "on call", later(1)).await.unwrap();
        let stale = store.team_delete(&ops).await.unwrap_err();
        assert!(matches!(stale, ChangeError::Stale), "{stale}");
        let ops = store.team_get(id).await.unwrap().unwrap();
        store.team_delete(&ops).await.unwrap();
        assert!(store.access_changes() > before);
        assert_eq!(store.team_subjects_of("user:jo").await.unwrap(), ["team:dev"]);
        assert_eq!(grants(&store, "team:ops").await, []);
    })
    .await;
}

#[tokio::test]
async fn teams_and_members_are_bounded_and_there_once() {
    on_each(|store| async move {
        let ops = team("ops");
        store.team_create(&ops).await.unwrap();
        let twice = store.team_create(&team("ops")).await.unwrap_err();
        assert!(matches!(twice, ChangeError::Store(error) if error.is_duplicate()));
        for number in 0..MAX_TEAMS {
            store.team_member_add(&member(&ops, &format!("user:{number}"))).await.unwrap();
        }
        let full = store.team_member_add(&member(&ops, "user:x")).await.unwrap_err();
        assert!(matches!(full, ChangeError::Limit { limit: MAX_TEAMS, .. }), "{full}");
        for number in 1..MAX_TEAMS {
            store.team_create(&team(&format!("t{number}"))).await.unwrap();
        }
        let full = store.team_create(&team("x")).await.unwrap_err();
        assert!(matches!(full, ChangeError::Limit { limit: MAX_TEAMS, .. }), "{full}");
    })
    .await;
}

//! Who has which role where, through moves and ends of namespaces.

use pilothouse_model::{Grant, Namespace, Role};
use pilothouse_store::{
    Store,
    access::{Membership, MembershipFilter},
    terraform::{ChangeError, Group, Meta},
};

use crate::backend::{NOW, later, on_each};

pub(super) async fn group(store: &Store, path: &str, parent: Option<&Group>) -> Group {
    let group = Group {
        meta: Meta::new(NOW),
        name: path.rsplit('/').next().unwrap().to_owned(),
        description: String::new(),
        path: path.to_owned(),
        parent_id: parent.map(|parent| parent.meta.id.clone()),
        created_by: "jo".to_owned(),
    };
    store.group_create(&group, 100).await.unwrap();
    group
}

pub(super) fn membership(subject: &str, role: Role, namespace: &str) -> Membership {
    Membership {
        meta: Meta::new(NOW),
        subject: subject.to_owned(),
        role,
        namespace: namespace.parse().unwrap(),
        namespace_id: None,
        created_by: "jo".to_owned(),
    }
}

fn of_group(subject: &str, role: Role, group: &Group) -> Membership {
    let namespace_id = Some(group.meta.id.clone());
    Membership { namespace_id, ..membership(subject, role, &group.path) }
}

pub(super) async fn grants(store: &Store, subject: &str) -> Vec<(Role, String)> {
    let found = store.membership_grants(subject).await.unwrap();
    assert!(found.iter().all(|Grant { subject: owner, .. }| **owner == *subject));
    found.into_iter().map(|grant| (grant.role, grant.namespace.to_string())).collect()
}

#[tokio::test]
async fn a_membership_moves_and_ends_with_its_group() {
    on_each(|store| async move {
        let acme = group(&store, "acme", None).await;
        let net = group(&store, "acme/net", Some(&acme)).await;
        let other = group(&store, "other", None).await;
        store.membership_create(&of_group("user:jo", Role::Deployer, &net)).await.unwrap();
        store.membership_create(&membership("user:jo", Role::Viewer, "harness:")).await.unwrap();
        let both = |path: &str| {
            vec![(Role::Deployer, path.to_owned()), (Role::Viewer, "harness:".to_owned())]
        };
        assert_eq!(grants(&store, "user:jo").await, both("acme/net"));

        let before = store.access_revision().await.unwrap();
        store.group_move(&net, Some(&other.meta.id), "other/net", 100, later(1)).await.unwrap();
        assert_eq!(grants(&store, "user:jo").await, both("other/net"));
        let moved = store.access_revision().await.unwrap();
        assert!(moved > before, "whoever remembered the path must notice");

        store.namespace_delete("other").await.unwrap();
        assert!(store.access_revision().await.unwrap() > moved);
        let again = group(&store, "other", None).await;
        group(&store, "other/net", Some(&again)).await;
        assert_eq!(
            grants(&store, "user:jo").await,
            [(Role::Viewer, "harness:".to_owned())],
            "a group of the same name is another group"
        );
    })
    .await;
}

#[tokio::test]
async fn a_subject_has_one_role_in_a_place() {
    on_each(|store| async move {
        let acme = group(&store, "acme", None).await;
        let first = of_group("user:jo", Role::Viewer, &acme);
        store.membership_create(&first).await.unwrap();
        for again in [
            of_group("user:jo", Role::Owner, &acme),
            Membership { meta: first.meta.clone(), ..membership("user:al", Role::Owner, "*") },
        ] {
            assert!(store.membership_create(&again).await.unwrap_err().is_duplicate());
        }
        let everything = membership("user:jo", Role::Viewer, "*");
        store.membership_create(&everything).await.unwrap();
        let twice = membership("user:jo", Role::Owner, "*");
        assert!(store.membership_create(&twice).await.unwrap_err().is_duplicate());
    })
    .await;
}

#[tokio::test]
async fn a_change_names_the_version_it_was_made_from_and_is_noticed() {
    on_each(|store| async move {
        let held = membership("team:ops", Role::Viewer, "mctl:labs");
        let id = &held.meta.id;
        store.membership_create(&held).await.unwrap();
        let mut revision = store.access_revision().await.unwrap();
        store.membership_update(id, 1, Role::Owner, later(5)).await.unwrap();
        let stale = store.membership_update(id, 1, Role::Viewer, later(6)).await;
        assert!(matches!(stale, Err(ChangeError::Stale)));
        let changed = store.membership_get(id).await.unwrap().unwrap();
        assert_eq!((changed.role, changed.meta.version), (Role::Owner, 2));
        assert!(store.access_revision().await.unwrap() > revision);

        revision = store.access_revision().await.unwrap();
        assert!(matches!(store.membership_delete(id, 1).await, Err(ChangeError::Stale)));
        store.membership_delete(id, 2).await.unwrap();
        assert!(store.access_revision().await.unwrap() > revision);
        assert_eq!(grants(&store, "team:ops").await, []);
    })
    .await;
}

#[tokio::test]
async fn lists_are_by_subject_and_by_place() {
    on_each(|store| async move {
        let acme = group(&store, "acme", None).await;
        let net = group(&store, "acme/net", Some(&acme)).await;
        for one in [
            of_group("user:jo", Role::Viewer, &acme),
            of_group("user:al", Role::Owner, &acme),
            of_group("user:jo", Role::Owner, &net),
        ] {
            store.membership_create(&one).await.unwrap();
        }
        let namespace = Some(Namespace::terraform("acme"));
        let jo = Some("user:jo".to_owned());
        for (filter, expected) in [
            (MembershipFilter::default(), 3),
            (MembershipFilter { subject: jo.clone(), namespace: None }, 2),
            (MembershipFilter { subject: None, namespace: namespace.clone() }, 2),
            (MembershipFilter { subject: jo, namespace }, 1),
        ] {
            assert_eq!(store.membership_list(&filter).await.unwrap().len(), expected);
        }
    })
    .await;
}

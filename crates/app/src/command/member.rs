//! `members`: who has which role where.

use pilothouse_access::membership;
use pilothouse_model::{Error, Timestamp};
use pilothouse_store::access::{Membership, MembershipFilter};
use serde_json::{Value, json};

use super::screen;
use crate::{cli::MemberCommand, compose::Product, exit::Exit};

pub(super) async fn run(product: &Product, command: &MemberCommand) -> Result<Exit, Error> {
    let store = &product.store;
    match command {
        MemberCommand::List { subject, namespace, output } => {
            let filter =
                MembershipFilter { subject: subject.clone(), namespace: namespace.clone() };
            let found = store.membership_list(&filter).await?;
            if output.json {
                return screen::json(&found.iter().map(view).collect::<Vec<_>>());
            }
            let rows = found.iter().map(row).collect();
            screen::table(&["subject", "role", "namespace", "by"], rows, "Nobody has a role.")
        }
        MemberCommand::Grant { member, role, place } => {
            let (subject, namespace) = (&member.subject, &place.namespace);
            let by = &product.operator.id;
            let now = Timestamp::now();
            membership::grant(store, subject, *role, namespace, by, now).await?;
            screen::text_line(&format!("{subject} is {role} of {namespace} from the next call on."))
        }
        MemberCommand::Revoke { member, place } => {
            let (subject, namespace) = (&member.subject, &place.namespace);
            membership::revoke(store, subject, namespace).await?;
            screen::text_line(&format!("{subject} has no role of its own in {namespace} any more."))
        }
    }
}

fn row(membership: &Membership) -> Vec<String> {
    vec![
        membership.subject.clone(),
        membership.role.to_string(),
        membership.namespace.to_string(),
        membership.created_by.clone(),
    ]
}

fn view(membership: &Membership) -> Value {
    json!({
        "id": membership.meta.id,
        "subject": membership.subject,
        "role": membership.role,
        "namespace": membership.namespace.to_string(),
        "created_by": membership.created_by,
        "created_at": membership.meta.created_at.to_string(),
    })
}

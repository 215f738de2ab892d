//! Memberships: giving a subject a role in a namespace, and taking it away.

use pilothouse_model::{Error, Namespace, Role, Timestamp};
use pilothouse_store::{
    Store,
    access::{Membership, MembershipFilter},
    terraform::Meta,
};

/// Longest id of a subject, in bytes.
pub const MAX_SUBJECT: usize = 256;

/// Gives `subject` the role in the namespace, instead of the one it has there.
pub async fn grant(
    store: &Store,
    subject: &str,
    role: Role,
    namespace: &Namespace,
    by: &str,
    now: Timestamp,
) -> Result<Membership, Error> {
    check_subject(subject)?;
    if let Some(present) = find(store, subject, namespace).await? {
        store.membership_update(&present.meta.id, present.meta.version, role, now).await?;
        return Ok(Membership { role, ..present });
    }
    create(store, subject, role, namespace, by, now).await
}

/// Gives `subject` the role in the namespace, where it has none of its own yet.
pub async fn create(
    store: &Store,
    subject: &str,
    role: Role,
    namespace: &Namespace,
    by: &str,
    now: Timestamp,
) -> Result<Membership, Error> {
    check_subject(subject)?;
    let namespace_id = namespace_id(store, namespace).await?;
    let membership = Membership {
        meta: Meta::new(now),
        subject: subject.to_owned(),
        role,
        namespace: namespace.clone(),
        namespace_id,
        created_by: by.to_owned(),
    };
    store.membership_create(&membership).await.map_err(|error| {
        if error.is_duplicate() {
            Error::conflict(format!("{subject:?} has a role of its own in {namespace} already"))
        } else {
            Error::from(error)
        }
    })?;
    Ok(membership)
}

/// Takes the subject's role in the namespace away. What it has above stays.
pub async fn revoke(store: &Store, subject: &str, namespace: &Namespace) -> Result<(), Error> {
    let Some(present) = find(store, subject, namespace).await? else {
        let message = format!("{subject:?} has no role of its own in {namespace}");
        return Err(Error::conflict(message).hint("pilothouse members list shows who has which"));
    };
    Ok(store.membership_delete(&present.meta.id, present.meta.version).await?)
}

async fn find(
    store: &Store,
    subject: &str,
    namespace: &Namespace,
) -> Result<Option<Membership>, Error> {
    let filter =
        MembershipFilter { subject: Some(subject.to_owned()), namespace: Some(namespace.clone()) };
    Ok(store.membership_list(&filter).await?.into_iter().next())
}

/// A principal's id has its kind in front: `user:…`, `sa:…`, `key:…`, `github:…`, `team:…`.
pub(crate) fn check_subject(subject: &str) -> Result<(), Error> {
    let good = subject.len() <= MAX_SUBJECT
        && !subject.chars().any(|c| c.is_control() || c.is_whitespace())
        && subject.split_once(':').is_some_and(|(kind, name)| !kind.is_empty() && !name.is_empty());
    if good {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "{:?} names no subject",
        pilothouse_model::text::prefix(subject, 80)
    ))
    .hint("write user:ID, sa:ID, key:ID, github:LOGIN or team:NAME"))
}

/// The id of the group or workspace that a namespace of the embedded platform is.
pub async fn namespace_id(store: &Store, namespace: &Namespace) -> Result<Option<String>, Error> {
    if &*namespace.realm != Namespace::TERRAFORM || namespace.path.is_empty() {
        return Ok(None);
    }
    match store.namespace_get_by_path(&namespace.path).await? {
        Some(found) => Ok(Some(found.id)),
        None => Err(Error::not_found("group or workspace", &namespace.path)
            .hint("roles are given on what exists; another platform's namespace is realm:path")),
    }
}

//! API keys: named, scoped, expiring; shown once and kept as a hash.

use std::time::Duration;

use pilothouse_model::{Error, Namespace, Principal, PrincipalKind, Role, Timestamp};
use pilothouse_store::{
    Store,
    access::{ApiKey, Membership},
    terraform::Meta,
};
use uuid::Uuid;

use crate::{
    membership,
    random::{self, Mark},
};

/// Longest name, in characters.
const MAX_NAME: usize = 64;
/// Most roles of one key.
const MAX_GRANTS: usize = 50;
/// Most agent spaces that one key is limited to.
const MAX_SPACES: usize = 50;
/// Longest id of an agent space, in bytes. Source: `guides/devops-agent.md`, `agentSpaceId`.
const MAX_SPACE: usize = 64;
/// Below it are the endpoints of agent spaces.
const SPACES: &str = "/mcp/spaces/";
/// A key that nobody replaces ends after this long at the latest.
pub const MAX_LIFETIME: Duration = Duration::from_hours(365 * 24);

/// A key that an operator wants.
#[derive(Clone, Debug)]
pub struct NewApiKey<'a> {
    pub name: &'a str,
    pub grants: &'a [(Role, Namespace)],
    /// Ids of agent spaces, if it shall open nothing else.
    pub spaces: &'a [String],
    pub lifetime: Duration,
    pub created_by: &'a str,
}

/// Makes a key; gives its row and, this once, its text.
pub async fn create(
    store: &Store,
    new: NewApiKey<'_>,
    now: Timestamp,
) -> Result<(ApiKey, String), Error> {
    check(&new)?;
    let text = random::marked(Mark::ApiKey)?;
    let key = ApiKey {
        id: Uuid::now_v7().to_string(),
        name: new.name.to_owned(),
        hash: random::hash(&text),
        spaces: new.spaces.to_vec(),
        created_by: new.created_by.to_owned(),
        created_at: now,
        expires_at: now.after(new.lifetime),
        revoked_at: None,
    };
    let mut memberships = Vec::with_capacity(new.grants.len());
    for (role, namespace) in new.grants {
        memberships.push(Membership {
            meta: Meta::new(now),
            subject: key.subject(),
            role: *role,
            namespace: namespace.clone(),
            namespace_id: membership::namespace_id(store, namespace).await?,
            created_by: new.created_by.to_owned(),
        });
    }
    store.api_key_create(&key, &memberships).await.map_err(|error| {
        if error.is_duplicate() {
            Error::conflict(format!(
                "there is a key named {:?}, or a role is given twice",
                key.name
            ))
            .hint("pilothouse keys list shows the keys")
        } else {
            error.into()
        }
    })?;
    Ok((key, text))
}

fn check(new: &NewApiKey<'_>) -> Result<(), Error> {
    let length = new.name.chars().count();
    if length == 0 || length > MAX_NAME || new.name.chars().any(char::is_control) {
        return Err(Error::invalid(format!("a key's name has 1 to {MAX_NAME} characters")));
    }
    if new.grants.is_empty() || new.grants.len() > MAX_GRANTS {
        return Err(Error::invalid(format!("a key has 1 to {MAX_GRANTS} roles"))
            .hint("for instance --role viewer=acme/prod"));
    }
    if new.spaces.len() > MAX_SPACES || !new.spaces.iter().all(|space| is_space(space)) {
        return Err(Error::invalid(format!(
            "a key is limited to at most {MAX_SPACES} agent spaces"
        ))
        .hint("a space's id has 1 to 64 letters, digits and hyphens"));
    }
    if new.lifetime.is_zero() || new.lifetime > MAX_LIFETIME {
        return Err(Error::invalid("a key lives at least a moment and at most a year"));
    }
    Ok(())
}

fn is_space(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=MAX_SPACE).contains(&id.len()) && id.bytes().all(plain)
}

/// Whether a key may be used for a request to `path`.
pub fn opens(key: &ApiKey, path: &str) -> bool {
    let space = path.strip_prefix(SPACES).and_then(|rest| rest.split('/').next());
    key.spaces.is_empty() || key.spaces.iter().any(|own| Some(own.as_str()) == space)
}

/// Whether a text presents itself as a key.
pub fn is_key(presented: &str) -> bool {
    presented.starts_with(Mark::ApiKey.as_str())
}

/// Whether a key works at `now`: not once it is revoked or expired.
pub(crate) fn is_live(key: &ApiKey, now: Timestamp) -> bool {
    key.revoked_at.is_none() && now < key.expires_at
}

/// Who a key is.
pub fn principal(key: &ApiKey) -> Principal {
    Principal { id: key.subject(), kind: PrincipalKind::ApiKey, name: key.name.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_limited_to_spaces_opens_them_and_nothing_else() {
        let now = Timestamp(0);
        let key = |spaces: &[&str]| ApiKey {
            id: "1".into(),
            name: "ci".into(),
            hash: String::new(),
            spaces: spaces.iter().map(|space| (*space).to_owned()).collect(),
            created_by: "jo".into(),
            created_at: now,
            expires_at: now,
            revoked_at: None,
        };
        for (spaces, path, expected) in [
            (&[][..], "/mcp", true),
            (&[], "/mcp/spaces/look", true),
            (&["look"], "/mcp/spaces/look", true),
            (&["look"], "/mcp/spaces/look/", true),
            (&["other", "look"], "/mcp/spaces/look", true),
            (&["look"], "/mcp/spaces/looks", false),
            (&["look"], "/mcp/spaces/", false),
            (&["look"], "/mcp/spaces", false),
            (&["look"], "/mcp", false),
            (&["look"], "/mcp/harness", false),
            (&["look"], "/platforms/tharsis/v1/worker", false),
            (&["look"], "/look", false),
        ] {
            assert_eq!(opens(&key(spaces), path), expected, "{spaces:?} {path}");
        }
    }
}

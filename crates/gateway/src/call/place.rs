//! Where a call acts: the namespace that its arguments name.
//!
//! A platform whose things are named by ids is asked where a thing is, in the caller's name; what
//! the caller may not see is not found there either.

use pilothouse_access::Place;
use pilothouse_connectors::Connector;
use pilothouse_model::{
    Authority, Caller, Error, Namespace,
    id::{Gid, ResourceType, Trn},
};
use serde_json::{Map, Value};

use crate::verb::Invocation;

/// Arguments of Tharsis' operations that name what the call is about, the first one that is given.
const REFERENCES: [&str; 10] = [
    "id",
    "workspace_id",
    "run_id",
    "plan_id",
    "apply_id",
    "job_id",
    "state_version_id",
    "configuration_version_id",
    "group_id",
    "parent_id",
];

/// A [`Place`] that owns its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whereabouts {
    In(Namespace),
    Throughout(String),
}

impl Whereabouts {
    pub(super) fn place(&self) -> Place<'_> {
        match self {
            Self::In(namespace) => Place::In(namespace),
            Self::Throughout(realm) => Place::Throughout(realm),
        }
    }
}

/// What a connector's things are granted under: the platform, with the instance unless it is the
/// first.
pub(super) fn realm(connector: &Connector) -> String {
    match connector.instance() {
        Connector::DEFAULT_INSTANCE => connector.platform().to_owned(),
        instance => format!("{}@{instance}", connector.platform()),
    }
}

/// `exactly`: also for an operator, whom roles do not bind and policies do.
pub(super) async fn of(
    caller: &Caller,
    invocation: &Invocation,
    exactly: bool,
) -> Result<Whereabouts, Error> {
    let Invocation { connector, operation, arguments, .. } = invocation;
    let realm = realm(connector);
    if matches!(caller.authority, Authority::Everything) && !exactly {
        return Ok(Whereabouts::Throughout(realm));
    }
    if connector.platform() != Namespace::TERRAFORM {
        let place = connector.place(operation, arguments)?;
        return Ok(Whereabouts::In(Namespace::new(&realm, &place)));
    }
    if let Some(path) = text(arguments, "namespace_path") {
        return Ok(Whereabouts::In(Namespace::new(&realm, path)));
    }
    if let Some(id) = REFERENCES.iter().find_map(|name| text(arguments, name)) {
        let path = locate(caller, connector, id).await?;
        return Ok(Whereabouts::In(Namespace::new(&realm, &path)));
    }
    // The platform in this process shows of a list what the caller may see; another one shows
    // what we may, which is for those who may see all of it.
    let shows_what_may_be_seen = connector.instance() == Connector::DEFAULT_INSTANCE;
    Ok(if shows_what_may_be_seen && invocation.risk.is_read() {
        Whereabouts::Throughout(realm)
    } else {
        Whereabouts::In(Namespace::new(&realm, ""))
    })
}

fn text<'a>(arguments: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    arguments.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// The namespace of what `id`, a GID or a TRN, names.
async fn locate(caller: &Caller, connector: &Connector, id: &str) -> Result<String, Error> {
    if id.starts_with("trn:") {
        return Ok(namespace(&id.parse::<Trn>()?));
    }
    let kind = id.parse::<Gid>()?.kind;
    let catalog = connector.catalog();
    let get = catalog.types.get(kind.name()).and_then(|found| found.operations.get("get"));
    if get.is_none() {
        // Nobody can say where it is, so it takes a role in all of the platform.
        return Ok(String::new());
    }
    let arguments = Map::from_iter([("id".to_owned(), Value::from(id))]);
    let caller = caller.clone().decided();
    let found = connector.call(&caller, &format!("{}.get", kind.name()), arguments).await?;
    match found.pointer("/metadata/trn").and_then(Value::as_str) {
        Some(trn) => Ok(namespace(&trn.parse::<Trn>()?)),
        None => Err(Error::upstream(format!("the platform does not say where {id} is"))),
    }
}

/// The group or workspace that a TRN names or lies in.
fn namespace(trn: &Trn) -> String {
    let above = |levels: usize| {
        let parts = trn.path().rsplitn(levels + 1, '/').nth(levels);
        parts.unwrap_or_default().to_owned()
    };
    match trn.kind {
        ResourceType::Group | ResourceType::Workspace => trn.path().to_owned(),
        ResourceType::Variable | ResourceType::StateVersionOutput => above(2),
        _ if trn.gid().is_some() => trn.namespace().to_owned(),
        _ => above(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trn_tells_its_namespace() {
        let gid = "Ul8wMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDE";
        for (text, expected) in [
            ("trn:group:acme".to_owned(), "acme"),
            ("trn:workspace:acme/net/prod".to_owned(), "acme/net/prod"),
            (format!("trn:run:acme/prod/{gid}"), "acme/prod"),
            (format!("trn:plan:acme/prod/{gid}/plan"), "acme/prod"),
            ("trn:variable:acme/prod/terraform/region".to_owned(), "acme/prod"),
            ("trn:managed_identity:acme/aws".to_owned(), "acme"),
            ("trn:service_account:acme/net/ci".to_owned(), "acme/net"),
            ("trn:user:jo".to_owned(), ""),
        ] {
            assert_eq!(namespace(&text.parse().unwrap()), expected, "{text}");
        }
    }
}

//! Reads the id arguments of calls, and writes the ids of answers.
//!
//! A GID and a TRN are accepted everywhere; one of another type names nothing here, so it reads
//! as not found.

use pilothouse_model::{
    Error,
    id::{Gid, ResourceType, Trn},
    text::prefix,
};
use uuid::Uuid;

/// What an id argument names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    Id(String),
    Path(String),
}

/// The id of a resource that has no path of its own, and the workspace path it was given with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) namespace: Option<String>,
}

pub(crate) fn not_found(kind: ResourceType, text: &str) -> Error {
    Error::not_found(&kind.name().replace('_', " "), prefix(text, 160))
}

/// A reference to something with a path: a group, a workspace, a variable.
pub(crate) fn read(kind: ResourceType, text: &str) -> Result<Reference, Error> {
    if !text.starts_with("trn:") {
        return Ok(Reference::Id(gid_of(kind, text)?));
    }
    let trn: Trn = text.parse()?;
    if trn.kind != kind {
        return Err(not_found(kind, text));
    }
    Ok(Reference::Path(trn.path().to_owned()))
}

/// A reference to something below a workspace that is addressed by id.
pub(crate) fn target(kind: ResourceType, text: &str) -> Result<Target, Error> {
    match read(kind, text)? {
        Reference::Id(id) => Ok(Target { id, namespace: None }),
        Reference::Path(path) => {
            let (namespace, last) = path.rsplit_once('/').unwrap_or(("", &path));
            let id = gid_of(kind, last).map_err(|_| not_found(kind, text))?;
            Ok(Target { id, namespace: Some(namespace.to_owned()) })
        }
    }
}

/// A plan or an apply: by its own id, or by its run's in `<workspace>/<run gid>/<stage>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Itself(Target),
    OfRun(Target),
}

pub(crate) fn node(kind: ResourceType, text: &str) -> Result<Node, Error> {
    if let Reference::Path(path) = read(kind, text)?
        && let Some(of_run) = path.strip_suffix(&format!("/{}", kind.name()))
    {
        let (namespace, last) = of_run.rsplit_once('/').unwrap_or(("", of_run));
        let id = gid_of(ResourceType::Run, last).map_err(|_| not_found(kind, text))?;
        return Ok(Node::OfRun(Target { id, namespace: Some(namespace.to_owned()) }));
    }
    Ok(Node::Itself(target(kind, text)?))
}

impl Target {
    /// Whether it was not given with another workspace's path.
    pub(crate) fn is_in(&self, workspace_path: &str) -> bool {
        self.namespace.as_deref().is_none_or(|namespace| namespace == workspace_path)
    }
}

fn gid_of(kind: ResourceType, text: &str) -> Result<String, Error> {
    if text.is_empty() {
        return Err(Error::invalid(format!("the id of the {kind} is missing")));
    }
    let gid: Gid = text.parse()?;
    if gid.kind != kind {
        return Err(not_found(kind, text));
    }
    Ok(gid.uuid.hyphenated().to_string())
}

/// The GID of a stored id; empty for an empty one.
pub(crate) fn gid(kind: ResourceType, id: &str) -> String {
    Uuid::try_parse(id).map(|uuid| Gid::new(kind, uuid).to_string()).unwrap_or_default()
}

/// The TRN of something that is addressed by id below `namespace`.
pub(crate) fn trn_by_id(kind: ResourceType, namespace: &str, id: &str) -> String {
    trn(kind, &format!("{namespace}/{}", gid(kind, id)))
}

pub(crate) fn trn(kind: ResourceType, path: &str) -> String {
    Trn::new(kind, path).to_string()
}

#[cfg(test)]
mod tests {
    use pilothouse_model::Kind;

    use super::*;

    const UUID: &str = "00000000-0000-4000-8000-000000000001";

    #[test]
    fn both_spellings_are_read() {
        let run = gid(ResourceType::Run, UUID);
        let by_gid = target(ResourceType::Run, &run).unwrap();
        assert_eq!(by_gid, Target { id: UUID.to_owned(), namespace: None });
        let by_trn = target(ResourceType::Run, &format!("trn:run:acme/prod/{run}")).unwrap();
        assert_eq!(by_trn.id, UUID);
        assert!(by_trn.is_in("acme/prod") && !by_trn.is_in("acme/dev"));
        assert!(by_gid.is_in("anywhere"));
        let path = read(ResourceType::Group, "trn:group:acme").unwrap();
        assert_eq!(path, Reference::Path("acme".to_owned()));
    }

    #[test]
    fn a_plan_is_found_by_its_own_id_and_by_its_runs() {
        let run = gid(ResourceType::Run, UUID);
        let plan = gid(ResourceType::Plan, UUID);
        for (text, of_run) in [
            (plan.clone(), false),
            (format!("trn:plan:acme/prod/{plan}"), false),
            (format!("trn:plan:acme/prod/{run}/plan"), true),
        ] {
            let found = node(ResourceType::Plan, &text).unwrap();
            assert_eq!(matches!(found, Node::OfRun(_)), of_run, "{text}");
        }
    }

    #[test]
    fn another_type_is_not_found_and_nonsense_is_invalid() {
        let run = gid(ResourceType::Run, UUID);
        for (text, kind) in [
            (run.clone(), Kind::NotFound),
            (format!("trn:run:acme/prod/{run}"), Kind::NotFound),
            (format!("trn:job:acme/prod/{run}"), Kind::NotFound),
            ("trn:job:acme/prod".to_owned(), Kind::NotFound),
            ("acme/prod".to_owned(), Kind::Invalid),
            ("trn:nothing:acme".to_owned(), Kind::Invalid),
            (String::new(), Kind::Invalid),
        ] {
            assert_eq!(target(ResourceType::Job, &text).unwrap_err().kind, kind, "{text:?}");
        }
    }
}

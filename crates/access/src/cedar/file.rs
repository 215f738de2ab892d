//! Policy files: reading, naming and validating.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use cedar_policy::{
    Effect as Written, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator,
};
use pilothouse_model::{Error, Namespace};

use super::{Effect, Opinion, Set, entity::named, schema};

/// Most files of one directory.
const MAX_FILES: usize = 100;
/// Largest file, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// Most policies in force.
const MAX_POLICIES: usize = 1000;
/// Ends the name of a file with policies, and of one with cases.
pub(super) const POLICIES: &str = ".cedar";
pub(super) const CASES: &str = ".case.toml";
/// What may stand before a policy.
const ANNOTATIONS: [&str; 4] = ["id", "reason", "ask", "auto_approve"];

/// What tells that files changed: their names, sizes and times.
pub(super) type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// All files of `directory` whose names end like this.
pub(super) fn files(directory: &Path, ending: &str) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| unreadable(directory, &error))? {
        let path = entry.map_err(|error| unreadable(directory, &error))?.path();
        if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    if found.len() > MAX_FILES {
        let message = format!("{} holds more than {MAX_FILES} files", directory.display());
        return Err(Error::invalid(message));
    }
    found.sort();
    Ok(found)
}

pub(super) fn stamp(directory: &Path) -> Result<Stamp, Error> {
    let stamp = |path: PathBuf| {
        let about = fs::metadata(&path).map_err(|error| unreadable(&path, &error))?;
        Ok((path, about.len(), about.modified().ok()))
    };
    files(directory, POLICIES)?.into_iter().map(stamp).collect()
}

pub(super) fn text(path: &Path) -> Result<String, Error> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut file = file.take(MAX_BYTES + 1);
    file.read_to_string(&mut text).map_err(|error| unreadable(path, &error))?;
    if text.len() as u64 > MAX_BYTES {
        let message = format!("{} is larger than {MAX_BYTES} bytes", path.display());
        return Err(Error::invalid(message));
    }
    Ok(text)
}

/// All policies of a directory.
pub(super) fn load(directory: &Path, schema: &Schema) -> Result<Set, Error> {
    let (mut set, mut hasher) = (Set::new(), blake3::Hasher::new());
    for path in files(directory, POLICIES)? {
        let text = text(&path)?;
        hasher.update(text.as_bytes());
        read(&mut set, &path, &text, schema)?;
    }
    if set.opinions.len() > MAX_POLICIES {
        let message = format!("{} holds more than {MAX_POLICIES} policies", directory.display());
        return Err(Error::invalid(message));
    }
    hasher.finalize().to_hex()[..16].clone_into(&mut set.revision);
    Ok(set)
}

/// Checks one file; gives the ids of its policies.
pub fn check(path: &Path, operations: &schema::Operations) -> Result<Vec<String>, Error> {
    let mut set = Set::new();
    read(&mut set, path, &text(path)?, &schema::parsed(operations)?)?;
    let mut ids: Vec<_> =
        set.opinions.into_values().map(|opinion| opinion.policy.clone()).collect();
    ids.sort_unstable();
    Ok(ids)
}

/// Adds the policies of a file, each as `file#id`.
fn read(set: &mut Set, path: &Path, text: &str, schema: &Schema) -> Result<(), Error> {
    let file = path.file_stem().unwrap_or_default().to_string_lossy();
    let wrong = |what: String| Error::invalid(format!("{}: {what}", path.display()));
    let parsed: PolicySet =
        text.parse().map_err(|error: cedar_policy::ParseErrors| wrong(joined(error.iter())))?;
    if parsed.templates().next().is_some() {
        return Err(wrong("a policy with ?principal or ?resource is not in force".into()));
    }
    let mut own = PolicySet::new();
    for policy in parsed.policies() {
        let opinion = opinion(&file, policy).map_err(&wrong)?;
        let in_policy = |what| wrong(format!("{}: {what}", opinion.policy));
        set.named.extend(places(policy).map_err(in_policy)?);
        let renamed = policy.new_id(PolicyId::new(&opinion.policy));
        own.add(renamed.clone()).map_err(|_| in_policy("there are two of this id".into()))?;
        set.policies.add(renamed).map_err(|_| in_policy("there are two of this id".into()))?;
        set.opinions.insert(PolicyId::new(&opinion.policy), Arc::new(opinion));
    }
    let result = Validator::new(schema.clone()).validate(&own, ValidationMode::Strict);
    if result.validation_passed() {
        return Ok(());
    }
    Err(wrong(joined(result.validation_errors())).hint(
        "actions are operations as infra_describe names them (tharsis.run.apply), their types and \
         platforms, risks (destructive), and write; see pilothouse policy schema",
    ))
}

/// What a policy says when it decides. What has no effect is a mistake.
fn opinion(file: &str, policy: &Policy) -> Result<Opinion, String> {
    let annotations: HashMap<&str, &str> = policy.annotations().collect();
    let Some(id) = annotations.get("id") else {
        return Err(format!("a policy has no @id(\"…\"): {policy}"));
    };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    if id.is_empty() || !id.chars().all(plain) {
        return Err(format!("@id({id:?}): an id has lower-case letters, digits, - and _"));
    }
    if let Some(other) = annotations.keys().find(|name| !ANNOTATIONS.contains(name)) {
        return Err(format!(
            "{id}: unknown annotation @{other}; known: {}",
            ANNOTATIONS.join(", ")
        ));
    }
    let has = |name| annotations.contains_key(name);
    let (effect, words) = match (policy.effect(), has("ask"), has("auto_approve")) {
        (Written::Forbid, false, false) => (Effect::Forbid, "forbids it"),
        (Written::Forbid, true, false) => (Effect::Ask, "wants a person's word"),
        (Written::Permit, false, true) => (Effect::AutoApprove, "lets it go ahead"),
        (Written::Permit, false, false) => {
            return Err(format!(
                "{id}: a permit alone changes nothing, as roles say what is allowed; with \
                 @auto_approve it lets a write go ahead without a person's word"
            ));
        }
        _ => return Err(format!("{id}: @ask is for forbid, @auto_approve for permit")),
    };
    let policy = format!("{file}#{id}");
    let reason = annotations
        .get("reason")
        .map_or_else(|| format!("the policy {policy} {words}"), |reason| (*reason).to_owned());
    Ok(Opinion { effect, policy, reason })
}

/// The namespaces that a policy names, and for each one a place below it.
fn places(policy: &Policy) -> Result<Vec<Namespace>, String> {
    let mut places = Vec::new();
    for literal in policy.entity_literals() {
        let Some(namespace) = named(&literal)? else { continue };
        if !namespace.is_everything() {
            let path = format!("{}/*", namespace.path);
            places.push(Namespace::new(&namespace.realm, path.trim_start_matches('/')));
        }
        places.push(namespace);
    }
    Ok(places)
}

fn joined(errors: impl Iterator<Item = impl ToString>) -> String {
    errors.map(|error| error.to_string()).collect::<Vec<_>>().join("; ")
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::unavailable(format!("cannot read {}: {error}", path.display()))
}

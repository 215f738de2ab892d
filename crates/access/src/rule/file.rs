//! Rule files: reading, naming and checking.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use pilothouse_model::{Error, Namespace, Risk};
use serde::Deserialize;

use super::{Effect, Operations, Pattern, Rule, Set};

/// Most files of one directory.
const MAX_FILES: usize = 100;
/// Largest file, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// Most rules in force.
const MAX_RULES: usize = 1000;
/// Ends the name of a file with cases instead of rules.
pub(super) const CASES: &str = ".case.toml";

/// What tells that files changed: their names, sizes and times.
pub(super) type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "rule")]
    rules: Vec<Written>,
}

/// A rule as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    effect: String,
    reason: String,
    #[serde(default)]
    principals: Vec<String>,
    #[serde(default)]
    except: Vec<String>,
    #[serde(default)]
    operations: Vec<String>,
    #[serde(default)]
    namespaces: Vec<String>,
}

/// All files of `directory` whose names end like this.
pub(super) fn files(directory: &Path, cases: bool) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| unreadable(directory, &error))? {
        let path = entry.map_err(|error| unreadable(directory, &error))?.path();
        let name = path.to_string_lossy();
        if name.ends_with(".toml") && name.ends_with(CASES) == cases {
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
    files(directory, false)?.into_iter().map(stamp).collect()
}

/// All rules of a directory, by id.
pub(super) fn load(directory: &Path, operations: &Operations) -> Result<Set, Error> {
    let (mut rules, mut hasher) = (Vec::new(), blake3::Hasher::new());
    for path in files(directory, false)? {
        let text = text(&path)?;
        hasher.update(text.as_bytes());
        rules.extend(parse(&path, &text, operations)?);
    }
    if rules.len() > MAX_RULES {
        let message = format!("{} holds more than {MAX_RULES} rules", directory.display());
        return Err(Error::invalid(message));
    }
    rules.sort_by(|one, other| one.id.cmp(&other.id));
    let revision = hasher.finalize().to_hex()[..16].to_owned();
    Ok(Set { rules: rules.into_iter().map(Arc::new).collect(), revision })
}

/// Checks one file; gives the ids of its rules.
pub fn check(path: &Path, operations: &Operations) -> Result<Vec<String>, Error> {
    let rules = parse(path, &text(path)?, operations)?;
    Ok(rules.into_iter().map(|rule| rule.id).collect())
}

pub(super) fn text(path: &Path) -> Result<String, Error> {
    let about = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if about.len() > MAX_BYTES {
        let message = format!("{} is larger than {MAX_BYTES} bytes", path.display());
        return Err(Error::invalid(message));
    }
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn parse(path: &Path, text: &str, operations: &Operations) -> Result<Vec<Rule>, Error> {
    let wrong = |what: &str| Error::invalid(format!("{}: {what}", path.display()));
    let File { rules } = toml::from_str(text).map_err(|error| wrong(&error.to_string()))?;
    let file = path.file_stem().unwrap_or_default().to_string_lossy();
    let (mut read, mut seen) = (Vec::with_capacity(rules.len()), HashSet::new());
    for written in rules {
        let id = written.id.clone();
        let in_rule = |error: Error| Error {
            message: wrong(&format!("rule {id:?}: {}", error.message)).message,
            ..error
        };
        if !seen.insert(id.clone()) {
            return Err(wrong(&format!("there are two rules {id:?}")));
        }
        read.push(rule(&file, written, operations).map_err(in_rule)?);
    }
    Ok(read)
}

fn rule(file: &str, written: Written, operations: &Operations) -> Result<Rule, Error> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    if written.id.is_empty() || !written.id.chars().all(plain) {
        return Err(Error::invalid("an id has lower-case letters, digits, - and _"));
    }
    let effect = match written.effect.as_str() {
        "forbid" => Effect::Forbid,
        "ask" => Effect::Ask,
        other => {
            return Err(Error::invalid(format!("unknown effect {other:?}"))
                .hint("forbid or ask; roles say what is allowed"));
        }
    };
    for subject in written.principals.iter().chain(&written.except) {
        let known = ["user:", "sa:", "key:", "client:", "github:", "team:"];
        if !known.iter().any(|kind| subject.len() > kind.len() && subject.starts_with(kind)) {
            return Err(Error::invalid(format!("{subject:?} names no principal")).hint(
                "write user:jo, sa:ID, key:ID, client:ID, github:LOGIN, team:NAME or github:*",
            ));
        }
    }
    let namespaces: Result<Vec<Namespace>, Error> =
        written.namespaces.iter().map(|text| text.parse()).collect();
    let patterns: Result<Vec<Pattern>, Error> =
        written.operations.iter().map(|text| pattern(text, operations)).collect();
    Ok(Rule {
        id: format!("{file}#{}", written.id),
        effect,
        reason: written.reason,
        principals: written.principals,
        except: written.except,
        operations: patterns?,
        namespaces: namespaces?,
    })
}

/// A word that means no operation is a spelling mistake, and a rule that forbids nothing.
fn pattern(text: &str, operations: &Operations) -> Result<Pattern, Error> {
    if text == "write" {
        return Ok(Pattern::Write);
    }
    if let Some(risk) = Risk::ALL.into_iter().find(|risk| risk.as_str() == text) {
        return Ok(Pattern::Risk(risk));
    }
    let found = if let Some(prefix) = text.strip_suffix('*') {
        let any = operations.iter().any(|(name, _)| name.starts_with(prefix));
        any.then(|| Pattern::Below(prefix.to_owned()))
    } else {
        let any = operations.iter().any(|(name, _)| name == text);
        any.then(|| Pattern::Exactly(text.to_owned()))
    };
    found.ok_or_else(|| {
        Error::invalid(format!("{text:?} is no operation")).hint(
            "an operation as infra_describe names it (tharsis.run.apply), a beginning \
             (tharsis.run.*), a risk (destructive), or write",
        )
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::unavailable(format!("cannot read {}: {error}", path.display()))
}

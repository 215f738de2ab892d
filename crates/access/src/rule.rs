//! Rules that an operator wrote: what is forbidden, and what needs a person whatever the settings
//! say. They only narrow what roles allow.
//!
//! They are TOML files in a directory, read again when they change, looked at no more than once a
//! second. A set that is not valid is not taken: the one before it goes on, and
//! [`Rules::problem`] says why.

pub mod case;
mod file;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use pilothouse_model::{Authority, Caller, Error, Namespace, Risk, Timestamp};

use self::file::Stamp;
pub use self::file::check;
use crate::{Action, Place};

/// Between two looks at the files.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The operations that rules can name, with their risks.
pub type Operations = Vec<(String, Risk)>;

/// What a rule does to the calls that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Forbid,
    /// A write needs a person's word, also one that `auto_approve` covers.
    Ask,
}

/// One rule. An empty list stands for everything.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The file's name and its own: `production#freeze`.
    pub id: String,
    pub effect: Effect,
    pub reason: String,
    principals: Vec<String>,
    except: Vec<String>,
    operations: Vec<Pattern>,
    namespaces: Vec<Namespace>,
}

/// Which operations a word means.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Exactly(String),
    /// What begins with this.
    Below(String),
    Risk(Risk),
    Write,
}

/// A valid set of rules.
#[derive(Debug)]
struct Set {
    rules: Vec<Arc<Rule>>,
    /// Changes with the text of any file.
    revision: String,
}

/// The rules of a directory.
pub struct Rules {
    directory: PathBuf,
    operations: Operations,
    current: RwLock<Arc<Set>>,
    look: Mutex<Look>,
}

#[derive(Debug)]
struct Look {
    last: Timestamp,
    stamp: Stamp,
    problem: Option<String>,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl Rules {
    /// Reads the `*.toml` files of `directory`. Fails when they are not valid: there is no older set
    /// to go on with.
    pub fn open(directory: &Path, operations: Operations, now: Timestamp) -> Result<Self, Error> {
        let stamp = file::stamp(directory)?;
        let set = file::load(directory, &operations)?;
        Ok(Self {
            directory: directory.to_owned(),
            operations,
            current: RwLock::new(Arc::new(set)),
            look: Mutex::new(Look { last: now, stamp, problem: None }),
        })
    }

    /// The rule that decides about `action` of `caller`, if any does: one that forbids before one
    /// that asks, of each kind the first by id.
    pub fn deciding(&self, caller: &Caller, action: &Action<'_>) -> Option<Arc<Rule>> {
        self.refresh(Timestamp::now());
        let set = self.set();
        let risk = self.risk(action);
        let about = |effect| {
            let mut rules = set.rules.iter();
            rules.find(|rule| rule.effect == effect && rule.is_about(caller, action, risk)).cloned()
        };
        about(Effect::Forbid).or_else(|| about(Effect::Ask).filter(|_| !risk.is_read()))
    }

    /// Why the files as they are now are not what is in force, if so.
    pub fn problem(&self) -> Option<String> {
        self.look.lock().unwrap_or_else(PoisonError::into_inner).problem.clone()
    }

    /// How many rules are in force.
    pub fn count(&self) -> usize {
        self.set().rules.len()
    }

    /// Changes whenever a rule does, so that a plan made under others is void.
    pub fn revision(&self) -> String {
        self.set().revision.clone()
    }

    /// The operation's own risk: a platform's direct clients do not say it.
    fn risk(&self, action: &Action<'_>) -> Risk {
        let found =
            self.operations.binary_search_by(|(name, _)| name.as_str().cmp(action.operation));
        found.map_or(action.risk, |at| self.operations[at].1)
    }

    fn set(&self) -> Arc<Set> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again if they changed and the last look is long enough ago.
    fn refresh(&self, now: Timestamp) {
        let Ok(mut look) = self.look.try_lock() else { return };
        if now.since(look.last) < LOOK_EVERY {
            return;
        }
        look.last = now;
        let problem = match file::stamp(&self.directory) {
            Ok(stamp) if stamp == look.stamp => return,
            Ok(stamp) => {
                look.stamp = stamp;
                self.reload().err()
            }
            Err(error) => {
                look.stamp = Stamp::new();
                Some(error)
            }
        };
        look.problem = problem.map(|error| error.to_string());
        if let Some(problem) = &look.problem {
            tracing::error!(problem, "the rules are not taken; the ones before stay in force");
        }
    }

    fn reload(&self) -> Result<(), Error> {
        let set = file::load(&self.directory, &self.operations)?;
        tracing::info!(revision = set.revision, "rules were read");
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(set);
        Ok(())
    }
}

impl Rule {
    fn is_about(&self, caller: &Caller, action: &Action<'_>, risk: Risk) -> bool {
        let everywhere = self.namespaces.is_empty();
        let here = match action.place {
            Place::Nowhere => return false,
            Place::In(namespace) => {
                everywhere || self.namespaces.iter().any(|own| own.holds(namespace))
            }
            Place::Throughout(realm) => {
                let realm = Namespace::new(realm, "");
                everywhere || self.namespaces.iter().any(|own| own.holds(&realm))
            }
        };
        here && (self.operations.is_empty()
            || self.operations.iter().any(|own| own.means(action.operation, risk)))
            && (self.principals.is_empty() || is_one_of(caller, &self.principals))
            && !is_one_of(caller, &self.except)
    }
}

impl Pattern {
    fn means(&self, operation: &str, risk: Risk) -> bool {
        match self {
            Self::Exactly(name) => name == operation,
            Self::Below(prefix) => operation.starts_with(prefix.as_str()),
            Self::Risk(own) => *own == risk,
            Self::Write => !risk.is_read(),
        }
    }
}

/// Whether the caller, or a team through which something was granted, has one of these ids or, for
/// `kind:*`, is of that kind.
fn is_one_of(caller: &Caller, ids: &[String]) -> bool {
    let is = |own: &str, id: &str| match own.strip_suffix('*') {
        Some(prefix) => id.starts_with(prefix),
        None => own == id,
    };
    let teams = match &caller.authority {
        Authority::Everything => &[][..],
        Authority::Granted(grants) => grants,
    };
    let teams = teams.iter().map(|grant| &*grant.subject).filter(|one| one.starts_with("team:"));
    let mut subjects = teams.chain([caller.principal.id.as_str()]);
    subjects.any(|subject| ids.iter().any(|own| is(own, subject)))
}

#[cfg(test)]
mod tests;

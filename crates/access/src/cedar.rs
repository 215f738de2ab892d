//! Policies that an operator wrote, in Cedar: what is forbidden, what needs a person, what does not.
//!
//! They never give what a role does not. A `forbid` refuses, with `@ask` it makes a person's word
//! necessary; a `permit` with `@auto_approve` lets a write go ahead without one. What no policy
//! speaks of is decided as if there were none.
//!
//! The files are read again when they change, looked at no more than once a second. A set that is
//! not valid is not taken: the one before it goes on, and [`Policies::problem`] says why.

pub mod case;
mod entity;
mod file;
mod question;
pub mod schema;

use std::{
    cmp::Ordering,
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use cedar_policy::{Authorizer, PolicyId, PolicySet, Schema};
use pilothouse_model::{Caller, Error, Namespace, Risk, Timestamp};

pub use self::file::check;
use self::{entity::Call, file::Stamp, question::Question, schema::Operations};
use crate::{Action, Place, recent::Recent};

/// Between two looks at the files.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Answers that are remembered under one set.
const REMEMBERED: usize = 4096;

/// What the policies say about a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    pub effect: Effect,
    /// The file's name and the policy's `@id`: `production#freeze`.
    pub policy: String,
    pub reason: String,
}

/// What a policy does to the calls that it is about; a later one counts before an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// A write needs nobody's word.
    AutoApprove,
    /// A write needs a person's word, whatever the settings say.
    Ask,
    Forbid,
}

/// A directory of policy files.
pub struct Policies {
    directory: PathBuf,
    operations: Operations,
    schema: Schema,
    current: RwLock<Arc<Set>>,
    look: Mutex<Look>,
}

/// A valid set.
#[derive(Debug)]
struct Set {
    policies: PolicySet,
    opinions: HashMap<PolicyId, Arc<Opinion>>,
    /// Every namespace that a policy names, and a place below each.
    named: Vec<Namespace>,
    /// Changes with the text of any file.
    revision: String,
    /// What was answered lately. Gone with the set.
    answers: Recent<Question, Option<Arc<Opinion>>>,
}

#[derive(Debug)]
struct Look {
    last: Timestamp,
    stamp: Stamp,
    problem: Option<String>,
}

impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policies").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl Policies {
    /// Reads the `*.cedar` files of `directory`. Fails when they are not valid: there is no older
    /// set to go on with.
    pub fn open(directory: &Path, operations: Operations, now: Timestamp) -> Result<Self, Error> {
        let schema = schema::parsed(&operations)?;
        let stamp = file::stamp(directory)?;
        let set = file::load(directory, &schema)?;
        Ok(Self {
            directory: directory.to_owned(),
            operations,
            schema,
            current: RwLock::new(Arc::new(set)),
            look: Mutex::new(Look { last: now, stamp, problem: None }),
        })
    }

    /// What the policies say about `action` of `caller`; nothing when none of them speaks of it.
    ///
    /// What reaches below its place, a list or a destruction, is as forbidden as it is at the
    /// strictest of the places below: no list shows what a policy hides.
    pub fn opinion(&self, caller: &Caller, action: &Action<'_>) -> Option<Arc<Opinion>> {
        self.refresh(Timestamp::now());
        let set = self.set();
        if set.opinions.is_empty() {
            return None;
        }
        let place = match action.place {
            Place::Nowhere => return None,
            Place::In(namespace) => namespace.clone(),
            Place::Throughout(realm) => Namespace::new(realm, ""),
        };
        let risk = self.risk(action);
        let below = reaches_below(action, risk);
        let question = Question::new(caller, action.operation, risk, &place, below);
        if let Some(answer) = set.answers.get(&question) {
            return answer;
        }
        let answer = match Call::new(caller, action.operation, risk) {
            Ok(call) => set.answer(&call, &place, below),
            Err(error) => Some(unusable(error.as_ref())),
        };
        set.answers.insert(question, answer.clone());
        answer
    }

    /// Why the files as they are now are not what is in force, if so.
    pub fn problem(&self) -> Option<String> {
        self.look.lock().unwrap_or_else(PoisonError::into_inner).problem.clone()
    }

    /// How many policies are in force.
    pub fn count(&self) -> usize {
        self.set().opinions.len()
    }

    /// Changes whenever a policy does, so that a plan made under others is void.
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
            tracing::error!(problem, "the policies are not taken; the ones before stay in force");
        }
    }

    fn reload(&self) -> Result<(), Error> {
        let set = file::load(&self.directory, &self.schema)?;
        tracing::info!(revision = set.revision, "policies were read");
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(set);
        Ok(())
    }
}

impl Set {
    fn new() -> Self {
        Self {
            policies: PolicySet::new(),
            opinions: HashMap::new(),
            named: Vec::new(),
            revision: String::new(),
            answers: Recent::new(REMEMBERED),
        }
    }

    /// What counts in `place` and, with `below`, what is stricter in a place below it.
    fn answer(&self, call: &Call, place: &Namespace, below: bool) -> Option<Arc<Opinion>> {
        let here = self.ask(call, place);
        if !below {
            return here;
        }
        let below = self.named.iter().filter(|named| place.holds(named));
        let below = below.filter_map(|named| self.ask(call, named));
        let narrowing = below.filter(|opinion| opinion.effect != Effect::AutoApprove);
        here.into_iter().chain(narrowing).max_by(strictest)
    }

    /// What counts in `place`: of one effect, the policy whose id comes first.
    fn ask(&self, call: &Call, place: &Namespace) -> Option<Arc<Opinion>> {
        let (request, entities) = match call.at(place, None) {
            Ok(asked) => asked,
            Err(error) => return Some(unusable(error.as_ref())),
        };
        let response = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        // A policy that cannot be evaluated might have forbidden it.
        if let Some(error) = response.diagnostics().errors().next() {
            return Some(unusable(error));
        }
        let deciding = response.diagnostics().reason().filter_map(|id| self.opinions.get(id));
        deciding.cloned().max_by(strictest)
    }
}

fn strictest(one: &Arc<Opinion>, other: &Arc<Opinion>) -> Ordering {
    one.effect.cmp(&other.effect).then_with(|| other.policy.cmp(&one.policy))
}

/// Whether a call in one place shows or destroys what is below it.
fn reaches_below(action: &Action<'_>, risk: Risk) -> bool {
    let name = action.operation.rsplit('.').next().unwrap_or_default();
    matches!(action.place, Place::Throughout(_))
        || risk == Risk::Destructive
        || name.starts_with("list")
}

fn unusable(error: &dyn std::error::Error) -> Arc<Opinion> {
    tracing::error!(%error, "a policy could not be evaluated");
    Arc::new(Opinion {
        effect: Effect::Forbid,
        policy: "unusable".to_owned(),
        reason: "a policy could not be evaluated; the server's log says why".to_owned(),
    })
}

#[cfg(test)]
mod tests;

//! The way from a request to the platform: nothing behind it can be reached without a decision.
//!
//! A handler names the operation and what it is about. The gate finds the namespace, has `access`
//! decide, and hands out the platform. For a call that the gateway decided about, only the roles
//! are applied: here is known where a thing really is.

use std::{ops::Deref, sync::Arc};

use axum::http::Extensions;
use pilothouse_access::{
    Action, Decision, Place, Policy, Requirement, Verdict, Visible, decide_direct, out_of_scope,
    requirement, standing, stands_below, visible,
};
use pilothouse_model::{
    Authority, Caller, Error, Namespace, Risk, Timestamp, id::ResourceType, text::prefix,
};

use super::record::Note;
use crate::terraform::{Terraform, reference};

/// What a request is about, as the caller wrote it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject<'a> {
    Group(&'a str),
    Workspace(&'a str),
    ConfigurationVersion(&'a str),
    Run(&'a str),
    Plan(&'a str),
    Apply(&'a str),
    Job(&'a str),
    StateVersion(&'a str),
    StateOutput(&'a str),
    Variable(&'a str),
    VariableVersion(&'a str),
    ManagedIdentity(&'a str),
    ServiceAccount(&'a str),
    Membership(&'a str),
    /// A namespace by its path.
    Path(&'a str),
    /// The platform itself, outside of every group.
    Platform,
    /// A list, which shows what the caller may see.
    Everywhere,
}

/// Holds the platform for those who may enter.
#[derive(Clone)]
pub(super) struct Gate {
    platform: Arc<Terraform>,
}

/// The platform, for one call that was decided about.
pub(super) struct Entered {
    platform: Arc<Terraform>,
    pub(super) caller: Caller,
    /// Where to say what was decided, for a call that nobody else records.
    note: Option<Note>,
}

impl Deref for Entered {
    type Target = Arc<Terraform>;

    fn deref(&self) -> &Self::Target {
        &self.platform
    }
}

impl Gate {
    pub(super) fn new(platform: &Arc<Terraform>) -> Self {
        Self { platform: Arc::clone(platform) }
    }

    /// Lets the caller among `extensions` do `operation` (`type.operation`) with `subject`.
    pub(super) async fn enter(
        &self,
        extensions: &Extensions,
        operation: &str,
        subject: Subject<'_>,
    ) -> Result<Entered, Error> {
        let caller = extensions.get::<Caller>().cloned();
        let caller =
            caller.ok_or_else(|| Error::unauthenticated("this call carries no identity"))?;
        let note = extensions.get::<Note>().cloned();
        let entered = Entered { platform: Arc::clone(&self.platform), caller, note };
        entered.also(operation, subject).await?;
        Ok(entered)
    }
}

impl Entered {
    /// The same call is about a second thing, too.
    pub(super) async fn also(&self, operation: &str, subject: Subject<'_>) -> Result<(), Error> {
        let operation = format!("{}.{operation}", Namespace::TERRAFORM);
        if let Some(refused) = self.out_of_scope(&operation) {
            return self.obey(&operation, subject, &refused);
        }
        let namespace = match subject {
            Subject::Everywhere => None,
            // Nothing is hidden from the operator, so where it is matters to policies only.
            _ if matches!(self.caller.authority, Authority::Everything)
                && self.platform.config.policy.written.is_none() =>
            {
                None
            }
            // Who sees nothing at all learns nothing, not even what does not exist.
            _ if self.sees_nothing() => None,
            _ => Some(Namespace::terraform(&self.platform.place_of(subject).await?)),
        };
        let decision = self.decide(&operation, namespace.as_ref());
        if decision.verdict == Verdict::Hide
            && subject.is_inherited()
            && only_reads(&operation)
            && namespace.is_some_and(|namespace| stands_below(&self.caller, &namespace))
        {
            return Ok(());
        }
        self.obey(&operation, subject, &decision)
    }

    /// The gateway has looked at the scopes of what came through it.
    fn out_of_scope(&self, operation: &str) -> Option<Decision> {
        if self.caller.decided {
            return None;
        }
        out_of_scope(&self.caller, operation, risk(operation))
    }

    fn obey(
        &self,
        operation: &str,
        subject: Subject<'_>,
        decision: &Decision,
    ) -> Result<(), Error> {
        if let Some(note) = &self.note {
            note.decided(operation, risk(operation), subject.text(), decision);
        }
        decision.refusal(|| subject.not_found()).map_or(Ok(()), Err)
    }

    fn decide(&self, operation: &str, namespace: Option<&Namespace>) -> Decision {
        let place = namespace.map_or(Place::Throughout(Namespace::TERRAFORM), Place::In);
        let action = Action { operation, risk: risk(operation), place };
        let decided = Policy::default();
        // The gateway has applied the policy of the surface that the call came through.
        let policy = if self.caller.decided { &decided } else { &self.platform.config.policy };
        decide_direct(&self.caller, &action, policy)
    }

    fn sees_nothing(&self) -> bool {
        self.visible().is_some_and(|paths| paths.is_empty())
    }

    /// By the platform's clock.
    pub(super) fn now(&self) -> Timestamp {
        self.platform.config.clock.now()
    }

    /// Whether the caller may also do `operation` in the namespace at `path`.
    pub(super) fn may(&self, operation: &str, path: &str) -> bool {
        let operation = format!("{}.{operation}", Namespace::TERRAFORM);
        let least = requirement(&operation, Risk::Read).least_role();
        standing(&self.caller, &Namespace::terraform(path)).reaches(least)
    }

    /// The paths that a list may show, with all below them; `None`: everything.
    pub(super) fn visible(&self) -> Option<Vec<String>> {
        match visible(&self.caller, Namespace::TERRAFORM) {
            Visible::Everything => None,
            Visible::Below(paths) => Some(paths),
        }
    }
}

/// As far as a permission tells it.
fn risk(operation: &str) -> Risk {
    if only_reads(operation) { Risk::Read } else { Risk::MediumWrite }
}

fn only_reads(operation: &str) -> bool {
    match requirement(operation, Risk::Read) {
        Requirement::Permission(needed) => needed.only_reads(),
        Requirement::Identity | Requirement::Role(_) => true,
    }
}

impl Subject<'_> {
    /// Whether everything below its group may use it, and so may see it.
    fn is_inherited(self) -> bool {
        matches!(self, Self::ManagedIdentity(_) | Self::ServiceAccount(_))
    }

    /// As the caller wrote it.
    fn text(&self) -> Option<&str> {
        match *self {
            Self::Platform | Self::Everywhere => None,
            Self::Group(text)
            | Self::Workspace(text)
            | Self::ConfigurationVersion(text)
            | Self::Run(text)
            | Self::Plan(text)
            | Self::Apply(text)
            | Self::Job(text)
            | Self::StateVersion(text)
            | Self::StateOutput(text)
            | Self::Variable(text)
            | Self::VariableVersion(text)
            | Self::ManagedIdentity(text)
            | Self::ServiceAccount(text)
            | Self::Membership(text)
            | Self::Path(text) => Some(text),
        }
    }

    /// What a subject that does not exist answers.
    fn not_found(self) -> Error {
        let (kind, text) = match self {
            Self::Group(text) => (ResourceType::Group, text),
            Self::Workspace(text) => (ResourceType::Workspace, text),
            Self::ConfigurationVersion(text) => (ResourceType::ConfigurationVersion, text),
            Self::Run(text) => (ResourceType::Run, text),
            Self::Plan(text) => (ResourceType::Plan, text),
            Self::Apply(text) => (ResourceType::Apply, text),
            Self::Job(text) => (ResourceType::Job, text),
            Self::StateVersion(text) => (ResourceType::StateVersion, text),
            Self::StateOutput(text) => (ResourceType::StateVersionOutput, text),
            Self::Variable(text) => (ResourceType::Variable, text),
            Self::ServiceAccount(text) => (ResourceType::ServiceAccount, text),
            Self::ManagedIdentity(text) => (ResourceType::ManagedIdentity, text),
            Self::Membership(text) => (ResourceType::NamespaceMembership, text),
            Self::VariableVersion(text) => (ResourceType::VariableVersion, text),
            Self::Path(path) => return Error::not_found("namespace", prefix(path, 160)),
            Self::Platform | Self::Everywhere => {
                return Error::forbidden("you have no role on this platform");
            }
        };
        reference::not_found(kind, text)
    }
}

impl Terraform {
    /// The path of the namespace that `subject` is in or is.
    async fn place_of(&self, subject: Subject<'_>) -> Result<String, Error> {
        Ok(match subject {
            Subject::Group(id) => self.group_get(id).await?.path,
            Subject::Workspace(id) => self.workspace_get(id).await?.path,
            Subject::ConfigurationVersion(id) => {
                self.configuration_version_get(id).await?.workspace_path
            }
            Subject::Run(id) => self.run_get(id).await?.run.workspace_path,
            Subject::Plan(id) => self.run_of_plan(id).await?.run.workspace_path,
            Subject::Apply(id) => self.apply_get(id).await?.0.workspace_path,
            Subject::Job(id) => self.job_get(id).await?.workspace_path,
            Subject::StateVersion(id) => self.state_version_get(id).await?.workspace_path,
            Subject::StateOutput(id) => self.state_output_get(id).await?.0.workspace_path,
            Subject::Variable(id) => self.variable_get(id).await?.namespace_path,
            Subject::VariableVersion(id) => self.variable_version_get(id).await?.namespace_path,
            Subject::Path(path) => self.namespace_by_path(path).await?.path,
            Subject::ServiceAccount(id) => self.service_account_get(id).await?.group_path,
            Subject::ManagedIdentity(id) => self.managed_identity_get(id).await?.group_path,
            Subject::Membership(id) => self.membership_get(id).await?.namespace.path.to_string(),
            Subject::Platform | Subject::Everywhere => String::new(),
        })
    }
}

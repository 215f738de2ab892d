//! Hooks and views: the Rust functions that registry files name where data cannot say it.

use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::BoxFuture;
use http::{HeaderMap, Method};
use pilothouse_model::{Caller, Error, Result, Risk, Timestamp};
use pilothouse_registry::{resource::Scope as Levels, schema, spec::Retry};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::{Connector, scope::Scope};
use crate::{
    request::{HttpRequest, Payload},
    transport::Response,
};

/// Carries out an operation by calling others.
pub type Hook = for<'a> fn(&'a HookContext<'a>, Map<String, Value>) -> BoxFuture<'a, Result<Value>>;

/// Makes the body of a request from the arguments, but for what data puts into it besides.
/// Pure; nothing is sent if it fails.
pub(crate) type BodyHook = fn(BodyInput<'_>) -> Result<Option<Value>>;

#[derive(Clone, Copy)]
pub(crate) struct BodyInput<'a> {
    /// All arguments of the call, completed.
    pub args: &'a Map<String, Value>,
    pub now: Timestamp,
    /// An identifier for what the call creates without naming it; a plan says only that there will
    /// be one.
    pub new_id: fn() -> String,
}

/// Turns an operation's result into the result of a drop-in tool. Pure.
pub(crate) type View = fn(&Value) -> Value;

/// Adds to an operation's result what a view needs besides. What cannot be had stays absent.
pub(crate) type Completion = for<'a> fn(&'a HookContext<'a>, &'a mut Value) -> BoxFuture<'a, ()>;

/// What a hook may do, in the name of the caller it works for.
pub struct HookContext<'a> {
    connector: &'a Connector,
    scope: &'a Scope,
    /// What was decided on.
    risk: Risk,
    /// One of its writes may have been carried out.
    has_acted: AtomicBool,
}

impl<'a> HookContext<'a> {
    /// For an operation of this risk.
    pub(super) fn new(connector: &'a Connector, scope: &'a Scope, risk: Risk) -> Self {
        Self { connector, scope, risk, has_acted: AtomicBool::new(false) }
    }

    /// The error of the hook, which knows nothing of what its requests have done before it.
    pub(super) fn weigh(&self, error: Error) -> Error {
        Error { changed_nothing: !self.has_acted.load(Ordering::Relaxed), ..error }
    }

    fn note_write<T>(&self, answer: &Result<T>) {
        if !answer.as_ref().is_err_and(|error| error.changed_nothing) {
            self.has_acted.store(true, Ordering::Relaxed);
        }
    }

    /// Calls another operation (`type.operation`) of the same instance, internal ones included.
    /// `args` must be an object. Fails for an organization or project that the caller may not do
    /// in what the hook was called for, and for what is riskier than that.
    pub async fn call(&self, operation: &str, args: Value) -> Result<Value> {
        let args = match args {
            Value::Object(args) => args,
            _ => Map::new(),
        };
        let risk = self.connector.operation(operation)?.risk_with(&args);
        if risk > self.risk {
            let message = format!("{operation} is a {risk}, its caller a {}", self.risk);
            return Err(Error::internal(message));
        }
        if [Levels::ORG, Levels::PROJECT].iter().any(|name| args.get(*name).is_some()) {
            self.permit(operation, &args)?;
        }
        let answer = self.connector.call_in(self.scope, operation, &args).await;
        if !risk.is_read() {
            self.note_write(&answer);
        }
        answer
    }

    /// Fails unless the caller may do what the hook was called for where `operation` acts with
    /// `args`.
    pub(crate) fn permit(&self, operation: &str, args: &Map<String, Value>) -> Result<()> {
        self.permit_in(&self.connector.place(operation, args)?)
    }

    /// As [`HookContext::permit`], in `place`: `organization/project`, or nothing for the account.
    pub(crate) fn permit_in(&self, place: &str) -> Result<()> {
        self.scope.permit(place)
    }

    /// The schema of an operation's arguments, as the registry has it.
    pub(crate) fn arguments(&self, operation: &str) -> Result<Value> {
        Ok(schema::arguments(self.connector.operation(operation)?))
    }

    /// Reads a file from `target`, a path that is already encoded.
    pub(crate) async fn download(&self, target: String) -> Result<Response> {
        let request = HttpRequest::raw(Method::GET, target, Payload::None);
        self.connector.transfer(self.scope, Retry::Safe, &request).await
    }

    /// Fetches what an answer links to. Outside of the platform nothing is shown to anybody, and
    /// only https is spoken, unless the platform is on this machine.
    pub(crate) async fn fetch(&self, link: &str) -> Result<bytes::Bytes> {
        self.connector.fetch(self.scope, link).await
    }

    /// Asks a question that takes a JSON body: repeated like any read.
    pub(crate) async fn ask(&self, target: &str, question: Value) -> Result<Value> {
        let request = HttpRequest {
            method: Method::POST,
            host: None,
            target: target.to_owned(),
            headers: HeaderMap::new(),
            body: Payload::Json(question),
        };
        let response = self.connector.transfer(self.scope, Retry::Safe, &request).await?;
        response.json(self.peer())
    }

    /// Puts a file at `target`, a path that is already encoded.
    pub(crate) async fn upload(
        &self,
        target: String,
        content_type: &'static str,
        bytes: bytes::Bytes,
    ) -> Result<Response> {
        let body = Payload::Raw { content_type, bytes };
        let request = HttpRequest::raw(Method::PUT, target, body);
        let answer = self.connector.transfer(self.scope, Retry::Never, &request).await;
        self.note_write(&answer);
        answer
    }

    /// Tells whoever waits how far the work is.
    pub fn progress(&self, message: &str, current: u64, total: Option<u64>) {
        self.scope.report(message, current, total);
    }

    /// Fires when nobody waits for the answer any more.
    pub fn cancellation(&self) -> &CancellationToken {
        self.scope.cancellation()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.connector.now()
    }

    pub fn caller(&self) -> &Caller {
        self.scope.caller()
    }

    /// How messages call the platform.
    pub(crate) fn peer(&self) -> &str {
        self.connector.peer()
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_model::{Kind, Principal};
    use pilothouse_registry::Catalog;
    use serde_json::json;

    use super::*;
    use crate::harness::HarnessConfig;

    /// Whatever the registry says of either.
    #[tokio::test]
    async fn a_hook_does_nothing_riskier_than_what_was_decided() {
        let catalog = Catalog::embedded().platform("harness").unwrap();
        let config = HarnessConfig::new("pat.acme.id.secret".into());
        let connector = config.connect(catalog, Connector::DEFAULT_INSTANCE).unwrap();
        let scope = Scope::new(Caller::new(Principal::local_user("tester")));
        for risk in [Risk::Read, Risk::LowWrite] {
            let context = HookContext::new(&connector, &scope, risk);
            let args = json!({"pipeline_id": "p", "org_id": "o", "project_id": "p"});
            let error = context.call("pipeline.execute", args).await.unwrap_err();
            assert_eq!(error.kind, Kind::Internal, "{error}");
        }
    }
}

//! One configured installation of a platform: prepares the request of an operation, sends it, and
//! gives the answer its normal form.

use std::{sync::Arc, time::Duration};

use pilothouse_model::{Caller, Error, Kind, Result, Risk, Timestamp};
use pilothouse_registry::{Operation, PlatformCatalog, nearest, resource::Scope as Levels};
use serde_json::{Map, Value};

use crate::{
    pace::Pace,
    protocol,
    request::{self, HttpRequest, Installation, Prepared, Request, ScopeDefaults},
    retry::{self, Patience},
    transport::{Exchange, Limits, Response, Transport},
};

pub(crate) mod adapter;
pub(crate) mod hook;
mod link;
pub(crate) mod page;
pub(crate) mod scope;
mod text;

use adapter::Adapter;
use hook::HookContext;
use link::{Linked, Pages};
use scope::Scope;

pub use crate::pace::Rate;

/// How one instance is asked.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub limits: Limits,
    /// Replaces the timeout for uploads and downloads of files.
    pub transfer_timeout: Duration,
    pub rate: Rate,
    /// Further attempts at a request that may be repeated.
    pub retries: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            transfer_timeout: Duration::from_mins(2),
            rate: Rate::default(),
            retries: retry::RETRIES,
        }
    }
}

/// The connector of one instance. Share it: it holds the connections and the pace.
#[derive(Debug)]
pub struct Connector {
    catalog: Arc<PlatformCatalog>,
    instance: String,
    /// How messages call the platform.
    peer: String,
    transport: Transport,
    options: Options,
    defaults: ScopeDefaults,
    /// Its web pages, if answers are to link to them.
    pages: Option<Pages>,
    pace: Pace,
    adapter: &'static Adapter,
    clock: fn() -> Timestamp,
}

impl Connector {
    /// The name most installations use for their only instance of a platform.
    pub const DEFAULT_INSTANCE: &str = "default";

    /// # Errors
    /// When there is no connector for the catalog's platform.
    pub fn new(
        catalog: Arc<PlatformCatalog>,
        instance: &str,
        transport: Transport,
        options: Options,
    ) -> Result<Self> {
        let adapter = adapter::of(catalog.name())?;
        let peer = match instance {
            Self::DEFAULT_INSTANCE => catalog.name().to_owned(),
            other => format!("{} ({other})", catalog.name()),
        };
        let pace = Pace::new(options.rate);
        let instance = instance.to_owned();
        let defaults = ScopeDefaults::default();
        let clock = Timestamp::now;
        Ok(Self {
            catalog,
            instance,
            peer,
            transport,
            options,
            defaults,
            pages: None,
            pace,
            adapter,
            clock,
        })
    }

    /// What the time is when requests are made of it; the machine's without this.
    #[must_use]
    pub fn timed_by(mut self, clock: fn() -> Timestamp) -> Self {
        self.clock = clock;
        self
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Calls that do not say where they act, act there.
    #[must_use]
    pub fn acting_in(mut self, defaults: ScopeDefaults) -> Self {
        self.defaults = defaults;
        self
    }

    /// Answers link to the pages at `address`, under the name `field`.
    #[must_use]
    pub fn shown_at(mut self, address: &str, field: &'static str) -> Self {
        self.pages = Some(Pages::new(address, field));
        self
    }

    /// Where calls act that leave out the argument of this name (`org_id`, `project_id`).
    pub fn acts_in(&self, argument: &str) -> Option<&str> {
        self.defaults.of(argument)
    }

    /// Adds the organization and project of a call that needs them and names them in its body
    /// only, so that what decides about it sees them. Fails for empty ones.
    pub fn settle(&self, operation: &str, args: &mut Map<String, Value>) -> Result<()> {
        request::settle(self.operation(operation)?, self.adapter, self.installation(), args)
    }

    /// Where a call acts: `organization/project` of a platform that has those, as far as the
    /// operation acts in them. What is configured steps in only where the operation needs it, as
    /// in the request.
    pub fn place(&self, operation: &str, args: &Map<String, Value>) -> Result<String> {
        let spec = self.operation(operation)?;
        let part = |name: &str| {
            spec.args.get(name)?;
            match args.get(name) {
                Some(Value::Null) => None,
                Some(value) => value.as_str().filter(|text| !text.is_empty()),
                None => spec.scope.requires(name).then(|| self.acts_in(name)).flatten(),
            }
        };
        Ok(match (part(Levels::ORG), part(Levels::PROJECT)) {
            (Some(org), Some(project)) => format!("{org}/{project}"),
            (Some(org), None) => org.to_owned(),
            (None, _) => String::new(),
        })
    }

    pub fn platform(&self) -> &str {
        self.catalog.name()
    }

    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Where calls act that do not say so.
    pub fn defaults(&self) -> &ScopeDefaults {
        &self.defaults
    }

    /// How fast the instance may be asked.
    pub fn rate(&self) -> Rate {
        self.options.rate
    }

    pub fn catalog(&self) -> &Arc<PlatformCatalog> {
        &self.catalog
    }

    /// The exact request of `operation` (`type.operation`), with nothing sent.
    pub fn prepare(&self, operation: &str, args: &Map<String, Value>) -> Result<Prepared> {
        request::build(self.operation(operation)?, self.adapter, self.installation(), args)
    }

    /// What people are shown of the request that [`Connector::prepare`] makes: `{operation,
    /// http|grpc|hook, …}`, with secret arguments masked and long texts cut.
    pub fn preview(&self, operation: &str, args: &Map<String, Value>) -> Result<Value> {
        request::preview(self.operation(operation)?, self.adapter, self.installation(), args)
    }

    fn installation(&self) -> Installation<'_> {
        Installation::new(&self.defaults, self.now())
    }

    /// Prepares and executes in one go. See [`Connector::execute`] for the answer.
    pub async fn call(
        &self,
        caller: &Caller,
        operation: &str,
        args: Map<String, Value>,
    ) -> Result<Value> {
        self.call_in(&Scope::new(caller.clone()), operation, &args).await
    }

    /// As [`Connector::call`], with progress and cancellation.
    pub async fn call_in(
        &self,
        scope: &Scope,
        operation: &str,
        args: &Map<String, Value>,
    ) -> Result<Value> {
        let prepared = self.prepare(operation, args).map_err(Error::having_changed_nothing)?;
        let mut answer = self.execute(scope, prepared).await?;
        if let Some(pages) = &self.pages
            && let Some((kind, operation)) = operation.split_once('.')
            && let Some(kind) = self.catalog.types.get(kind)
        {
            pages.add(&Linked { kind, operation, args, defaults: &self.defaults }, &mut answer);
        }
        Ok(answer)
    }

    /// Sends exactly what was prepared. A list answers `{items, total?, page?, page_size?,
    /// has_more?, next_cursor?}`, anything else the part of the answer that the registry calls the
    /// result.
    pub async fn execute(&self, scope: &Scope, prepared: Prepared) -> Result<Value> {
        let cancelled = scope.cancellation().cancelled();
        tokio::select! {
            biased;
            () = cancelled => Err(Error::unavailable("the call was cancelled")),
            answer = self.send(scope, prepared) => {
                answer.map_err(|error| self.transport.concealed(error))
            }
        }
    }

    /// An operation's result as that of the drop-in tool that `view` is for.
    pub async fn show(&self, scope: &Scope, view: &str, mut answer: Value) -> Result<Value> {
        let shown = self.adapter.view(view);
        let shown = shown.ok_or_else(|| Error::internal(format!("no view {view}")))?;
        if let Some(complete) = self.adapter.completion(view) {
            complete(&HookContext::new(self, scope, Risk::Read), &mut answer).await;
        }
        Ok(shown(&answer))
    }

    async fn send(&self, scope: &Scope, prepared: Prepared) -> Result<Value> {
        let exchange = self.exchange(scope, self.options.limits);
        let operation = self.operation(&prepared.operation)?;
        let mut answer = match prepared.request {
            Request::Hook { name, args } => {
                let hook = self.adapter.hook(&name).ok_or_else(|| {
                    Error::unavailable(format!("{} is not available", prepared.operation))
                })?;
                let context = HookContext::new(self, scope, operation.risk_with(&args));
                let answer = hook(&context, args).await;
                let mut answer = answer.map_err(|error| context.weigh(error))?;
                text::clean(&mut answer);
                return Ok(answer);
            }
            Request::Http(request) => {
                let send = || exchange.send_http(&request);
                retry::run(prepared.retry, self.patience(), send).await?.json(&self.peer)?
            }
            Request::Grpc(call) => {
                let send = || exchange.send_grpc(&call);
                let message = retry::run(prepared.retry, self.patience(), send).await?;
                protocol::to_json(&message)
            }
        };
        if let Some(error) = self.adapter.dialect.disguise(&self.peer, &answer) {
            // A failure that the platform has no word for may have come late.
            return Err(Error { changed_nothing: error.kind != Kind::Upstream, ..error });
        }
        (self.adapter.normalize)(&mut answer);
        // Internal operations serve hooks, which need some texts byte by byte, and whose own
        // answers are cleaned.
        if !operation.internal {
            text::clean(&mut answer);
        }
        let mut result = page::shape(operation, prepared.page, answer, &self.peer)?;
        mask(operation, &mut result);
        Ok(result)
    }

    /// A request that no operation describes, within the limits of file transfers.
    pub(crate) async fn transfer(
        &self,
        scope: &Scope,
        retry: pilothouse_registry::spec::Retry,
        request: &HttpRequest,
    ) -> Result<Response> {
        let limits = Limits { timeout: self.options.transfer_timeout, ..self.options.limits };
        let exchange = self.exchange(scope, limits);
        retry::run(retry, self.patience(), || exchange.send_http(request)).await
    }

    pub(crate) async fn fetch(&self, scope: &Scope, link: &str) -> Result<bytes::Bytes> {
        let limits = Limits { timeout: self.options.transfer_timeout, ..self.options.limits };
        let exchange = self.exchange(scope, limits);
        let fetch = || exchange.fetch(link);
        let retry = pilothouse_registry::spec::Retry::Safe;
        Ok(retry::run(retry, self.patience(), fetch).await?.body)
    }

    fn patience(&self) -> Patience<'_> {
        Patience { peer: &self.peer, pace: &self.pace, retries: self.options.retries }
    }

    fn exchange<'a>(&'a self, scope: &'a Scope, limits: Limits) -> Exchange<'a> {
        let (transport, dialect) = (&self.transport, &self.adapter.dialect);
        Exchange { transport, peer: &self.peer, dialect, caller: scope.caller(), limits }
    }

    pub(crate) fn peer(&self) -> &str {
        &self.peer
    }

    /// An operation by `type.operation`, internal ones included.
    fn operation(&self, name: &str) -> Result<&Operation> {
        let kinds = &self.catalog.types;
        let found = name.split_once('.').and_then(|(kind, operation)| {
            kinds.get(kind).and_then(|kind| kind.operations.get(operation))
        });
        found.ok_or_else(|| {
            let known: Vec<String> = kinds
                .values()
                .flat_map(|kind| {
                    kind.public_operations().map(|it| format!("{}.{}", kind.name, it.name))
                })
                .collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let error = Error::invalid(format!("{} has no operation {name:?}", self.platform()));
            match nearest(name, &known, 1).first() {
                Some(close) => error.hint(format!("did you mean {close}?")),
                None => error.hint("write it as type.operation, for instance run.get"),
            }
        })
    }
}

/// Replaces what the registry calls secret in a result, or in the items of a list.
fn mask(operation: &Operation, result: &mut Value) {
    let mask_in = |holder: &mut Value| {
        for pointer in &operation.masked {
            if pointer.get(holder).is_some_and(|value| !value.is_null()) {
                pointer.set(holder, Value::from("***"));
            }
        }
    };
    match result.get_mut("items").and_then(Value::as_array_mut) {
        Some(items) => items.iter_mut().for_each(mask_in),
        None => mask_in(result),
    }
}

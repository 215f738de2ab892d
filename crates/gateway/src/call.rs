//! The call path: everything that happens between a `tools/call` and its result, in order.

mod confirm;
mod execute;
mod once;
mod place;
mod plan;
mod record;
mod sight;

use std::time::Instant;

use pilothouse_access::{Action, Decision, Place, Plan, Verdict, decide, out_of_scope};
use pilothouse_model::{Error, Kind, Risk, Timestamp, audit::Outcome};
use rmcp::model::CallToolResult;
use serde_json::{Map, Value, json};

use self::{confirm::Release, record::Record};
use crate::{
    Gateway,
    chart::Image,
    conversation::Conversation,
    mcp::InputRequired,
    redact::redact,
    remainder::Part,
    shape,
    surface::Surface,
    verb::{Controls, Invocation, Request},
    visual,
};

/// What a call gives back.
#[derive(Debug)]
pub enum Reply {
    Result(Box<CallToolResult>),
    /// The client must answer a question and call again.
    InputRequired(InputRequired),
    /// No such tool on this surface: a protocol error, not a tool's.
    UnknownTool,
    /// The caller's token does not reach as far: its client must get another one first.
    OutOfScope(Error),
}

/// How a call ended, before it is shaped for the client.
enum End {
    Done(Value),
    /// The plan only, because the caller asked for no more.
    Planned(Value),
    /// A person is asked, out of band or through the client.
    WaitsForPerson(Value),
    Asks(InputRequired),
    OutOfScope(Error),
}

/// What the steps after validation share.
struct Path<'a> {
    gateway: &'a Gateway,
    surface: &'a Surface,
    conversation: &'a dyn Conversation,
    tool: &'a str,
    controls: Controls,
    /// Validated, without the controls.
    arguments: Map<String, Value>,
}

/// Calls the tool `name` of `surface`.
///
/// The caller is authenticated before this and travels in `conversation`.
pub async fn call(
    gateway: &Gateway,
    surface: &Surface,
    conversation: &dyn Conversation,
    name: &str,
    arguments: Map<String, Value>,
) -> Reply {
    let Some(tool) = surface.tool(name) else { return Reply::UnknownTool };
    let _under_way = gateway.recorder().begin();
    let mut record = Record::start(conversation.caller(), surface.name(), name, &arguments);
    let started = Instant::now();

    let (mut picture, mut part) = (None, None);
    let end = async {
        let arguments = tool.schema()?.read(arguments)?;
        let (controls, arguments) = Controls::split(arguments)?;
        let (wish, mut arguments) = visual::Wish::split(name, arguments)?;
        if tool.gives_parts() {
            part = Some(Part::take(&mut arguments)?);
        }
        let mut request = tool.resolve(surface.reach(gateway), arguments.clone())?;
        record.resolved(&request);
        if !request.risk().is_read()
            && let Some(part) = part.take()
        {
            part.refuse_rest()?;
        }
        let path = Path { gateway, surface, conversation, tool: name, controls, arguments };
        let governed = govern(&path, &mut record, &mut request).await;
        let end = governed.map_err(|error| named(error, &path.arguments))?;
        let mut end = if request.is_answered_here() { end } else { redacted(end) };
        if let End::Done(value) = &mut end {
            if let Some(part) = &part {
                part.resume(value)?;
            }
            picture = visual::draw(request.operation(), wish.as_ref(), value, now()).await;
        }
        Ok(end)
    }
    .await;

    shaped(record.close(gateway, end, started.elapsed()).await, picture, part.as_ref())
}

/// Reads through one operation for `what`, which is not a tool: decided, limited, recorded and
/// redacted as a tool's call.
pub(crate) async fn read(
    gateway: &Gateway,
    surface: &Surface,
    conversation: &dyn Conversation,
    what: &str,
    invocation: Invocation,
) -> Result<Value, Error> {
    if !invocation.risk.is_read() {
        return Err(Error::internal(format!("{} does not only read", invocation.name)));
    }
    let arguments = invocation.arguments.clone();
    let mut record = Record::start(conversation.caller(), surface.name(), what, &arguments);
    let started = Instant::now();
    let mut request = Request::Operation(invocation);
    record.resolved(&request);
    let controls = Controls::default();
    let path = Path { gateway, surface, conversation, tool: what, controls, arguments };
    let end = govern(&path, &mut record, &mut request).await.map(redacted);
    match record.close(gateway, end, started.elapsed()).await? {
        End::Done(value) => Ok(value),
        End::OutOfScope(error) => Err(error),
        End::Planned(_) | End::WaitsForPerson(_) | End::Asks(_) => {
            Err(Error::internal("a read waits for a person"))
        }
    }
}

/// Decides, obtains a person's word where one is needed, and executes.
async fn govern(path: &Path<'_>, record: &mut Record, request: &mut Request) -> Result<End, Error> {
    let caller = path.conversation.caller();
    let (operation, risk) = (request.operation(), request.risk());
    if let Some(decision) = out_of_scope(caller, operation, risk) {
        record.decided(&decision);
        return Ok(End::OutOfScope(Error::forbidden(decision.reason)));
    }
    let decision = decide_about(path, request).await?;
    record.decided(&decision);
    if let Some(refusal) = decision.refusal(|| unseen(request)) {
        return Err(refusal);
    }
    path.gateway.limits().take(&caller.principal)?;
    if request.risk().is_read() {
        return execute::execute(path, request).await.map(End::Done);
    }
    if path.controls.dry_run {
        let plan = plan::make(path, request).await?;
        record.planned(&plan);
        return Ok(End::Planned(json!({ "dry_run": true, "plan": plan })));
    }
    once::once(path, || write(path, record, request, &decision)).await
}

/// The one decision about a call. What asks many things is narrowed to those that may be asked.
async fn decide_about(path: &Path<'_>, request: &mut Request) -> Result<Decision, Error> {
    let caller = path.conversation.caller();
    let home = path.surface.platform();
    match request {
        Request::Operation(invocation) => {
            // Who may not look at what is started only starts it.
            if let Some(follow) = &invocation.follow
                && decide_invocation(path, &follow.get).await?.verdict != Verdict::Allow
            {
                invocation.follow = None;
            }
            decide_invocation(path, invocation).await
        }
        Request::Wait(wait) => decide_invocation(path, &wait.get).await,
        Request::Answer { verb, value } => {
            sight::limit(path.gateway, home, caller, value)?;
            Ok(decide_locally(path, verb))
        }
        Request::Search(search) => {
            sight::limit_types(path.gateway, home, caller, &mut search.types);
            search.lists = allowed(path, std::mem::take(&mut search.lists)).await?;
            Ok(decide_locally(path, "search"))
        }
        Request::Overview(overview) => {
            overview.parts = allowed(path, std::mem::take(&mut overview.parts)).await?;
            Ok(decide_locally(path, "status"))
        }
    }
}

/// Those of several reads that the caller may do.
async fn allowed(path: &Path<'_>, parts: Vec<Invocation>) -> Result<Vec<Invocation>, Error> {
    let mut allowed = Vec::with_capacity(parts.len());
    for part in parts {
        if decide_invocation(path, &part).await?.verdict == Verdict::Allow {
            allowed.push(part);
        }
    }
    Ok(allowed)
}

async fn decide_invocation(path: &Path<'_>, invocation: &Invocation) -> Result<Decision, Error> {
    decide_at(path, invocation, invocation.risk).await
}

async fn decide_at(
    path: &Path<'_>,
    invocation: &Invocation,
    risk: Risk,
) -> Result<Decision, Error> {
    let caller = path.conversation.caller();
    let whereabouts =
        place::of(caller, invocation, path.surface.policy().written.is_some()).await?;
    let action = Action { operation: &invocation.name, risk, place: whereabouts.place() };
    Ok(decide(caller, &action, path.surface.policy()))
}

/// About what the registry alone answers.
fn decide_locally(path: &Path<'_>, verb: &str) -> Decision {
    let action = Action { operation: verb, risk: Risk::Read, place: Place::Nowhere };
    decide(path.conversation.caller(), &action, path.surface.policy())
}

/// Plans, confirms and executes a write.
async fn write(
    path: &Path<'_>,
    record: &mut Record,
    request: &Request,
    decision: &Decision,
) -> Result<End, Error> {
    let released = release(path, record, request, decision).await;
    match released.map_err(Error::having_changed_nothing)? {
        Release::Go => {}
        Release::Asks(question) => return Ok(End::Asks(question)),
        Release::Wait(answer) => return Ok(End::WaitsForPerson(answer)),
    }
    execute::execute(path, request).await.map(End::Done)
}

/// What somebody without any role there is told, whether it exists or not.
fn unseen(request: &Request) -> Error {
    let operation = request.operation();
    match request.target() {
        Some(target) => Error::not_found(operation, target),
        None => Error::new(
            Kind::NotFound,
            format!("{operation}: not found; there is no such place, or you have no role in it"),
        ),
    }
}

/// Plans the write and obtains a person's word for it. Where it may go ahead its intent is recorded.
async fn release(
    path: &Path<'_>,
    record: &mut Record,
    request: &Request,
    decision: &Decision,
) -> Result<Release, Error> {
    let plan = plan::make(path, request).await?;
    record.planned(&plan);
    let raised = decide_again(path, record, request, &plan).await?;
    let decision = raised.as_ref().unwrap_or(decision);
    let release = confirm::release(path, record, &plan, decision).await?;
    if matches!(release, Release::Go) {
        record.save_intent(path.gateway).await?;
    }
    Ok(release)
}

/// A platform that finds a value wrong may say only which; the caller is told where it stands.
fn named(mut error: Error, arguments: &Map<String, Value>) -> Error {
    if error.kind == Kind::Invalid
        && let Some(field) = field_of(said(&error), arguments)
    {
        error.message.insert_str(0, &format!("{field}: "));
    }
    error
}

fn said(error: &Error) -> &str {
    error.answered.as_ref().map_or(&error.message, |answered| &answered.said)
}

/// The argument whose value, in quotes, a message begins with.
fn field_of(message: &str, arguments: &Map<String, Value>) -> Option<String> {
    if !message.starts_with('"') {
        return None;
    }
    arguments.iter().find_map(|(name, value)| match value {
        Value::String(text) => message.starts_with(&format!("{text:?} ")).then(|| name.clone()),
        Value::Object(inner) => field_of(message, inner).map(|field| format!("{name}.{field}")),
        _ => None,
    })
}

/// Decides anew about a write whose plan turned out to be worse than its operation has to be, as
/// an apply that destroys.
async fn decide_again(
    path: &Path<'_>,
    record: &mut Record,
    request: &Request,
    plan: &Plan,
) -> Result<Option<Decision>, Error> {
    let Request::Operation(invocation) = request else { return Ok(None) };
    if plan.risk <= invocation.risk {
        return Ok(None);
    }
    let decision = decide_at(path, invocation, plan.risk).await?;
    record.decided(&decision);
    match decision.refusal(|| unseen(request)) {
        Some(refusal) => Err(refusal),
        None => Ok(Some(decision)),
    }
}

fn redacted(end: End) -> End {
    let masked = |mut value: Value| {
        redact(&mut value);
        value
    };
    match end {
        End::Done(value) => End::Done(masked(value)),
        End::Planned(value) => End::Planned(masked(value)),
        End::WaitsForPerson(value) => End::WaitsForPerson(masked(value)),
        End::Asks(question) => End::Asks(question),
        End::OutOfScope(error) => End::OutOfScope(error),
    }
}

fn shaped(end: Result<End, Error>, picture: Option<Image>, part: Option<&Part>) -> Reply {
    let result = match end {
        Ok(End::Done(value) | End::Planned(value)) => shape::success(value, picture, part),
        Ok(End::WaitsForPerson(value)) => {
            let error = Error::conflict(
                value["message"].as_str().unwrap_or("a person must approve this first"),
            );
            let extra = value.as_object().cloned().unwrap_or_default();
            shape::failure(&error, extra)
        }
        Ok(End::Asks(question)) => return Reply::InputRequired(question),
        Ok(End::OutOfScope(error)) => return Reply::OutOfScope(error),
        Err(error) => {
            if let Some(source) = &error.source {
                tracing::warn!(kind = error.kind.as_str(), %source, "{}", error.message);
            }
            shape::failure(&error, Map::new())
        }
    };
    Reply::Result(Box::new(result))
}

impl End {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Done(_) => Outcome::Done,
            Self::Planned(_) => Outcome::Planned,
            Self::WaitsForPerson(_) | Self::Asks(_) => Outcome::Asked,
            Self::OutOfScope(_) => Outcome::Denied,
        }
    }
}

/// The time rules of the call path go by; one place, so that tests can see it is the only one.
fn now() -> Timestamp {
    Timestamp::now()
}

//! The types that are plain records: one table says where each lives and how it is wrapped, one
//! function serves them all.

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    page,
    refusal::Refusal,
    request::Ask,
    state::{Item, State},
    success,
};

/// A kind of record and its REST paths.
struct Collection {
    kind: &'static str,
    /// Where one is read, made and removed.
    path: &'static str,
    /// Where they are listed, if that is a question in a path of its own.
    question: Option<&'static str>,
    /// The key that holds a record inside its answer and its request.
    wrap: Option<&'static str>,
    /// How far down it lives.
    level: Level,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Account,
    Org,
    Project,
}

const COLLECTIONS: [Collection; 9] = [
    record("organization", "/ng/api/organizations", Some("organization"), Level::Account),
    record("project", "/ng/api/projects", Some("project"), Level::Org),
    asked("connector", "/ng/api/connectors", "/ng/api/connectors/listV2", "connector"),
    record("service", "/ng/api/servicesV2", Some("service"), Level::Project),
    record("environment", "/ng/api/environmentsV2", Some("environment"), Level::Project),
    record("infrastructure", "/ng/api/infrastructures", Some("infrastructure"), Level::Project),
    asked("secret", "/ng/api/v2/secrets", "/ng/api/v2/secrets/list/secrets", "secret"),
    record("input_set", "/pipeline/api/inputSets", None, Level::Project),
    record("trigger", "/pipeline/api/triggers", None, Level::Project),
];

const fn record(
    kind: &'static str,
    path: &'static str,
    wrap: Option<&'static str>,
    level: Level,
) -> Collection {
    Collection { kind, path, question: None, wrap, level }
}

const fn asked(
    kind: &'static str,
    path: &'static str,
    question: &'static str,
    wrap: &'static str,
) -> Collection {
    let question = Some(question);
    Collection { kind, path, question, wrap: Some(wrap), level: Level::Project }
}

pub(super) fn answer(state: &mut State, ask: &Ask) -> Option<Result<Value, Refusal>> {
    let question = |it: &&Collection| it.question == Some(ask.path.as_str());
    if let Some(collection) = COLLECTIONS.iter().find(question) {
        return Some(Ok(page(ask, collection.list(state, ask))));
    }
    let (collection, id) = COLLECTIONS.iter().find_map(|collection| {
        let rest = ask.path.strip_prefix(collection.path)?;
        let id = rest.strip_prefix('/').unwrap_or(rest);
        let own = rest.is_empty() || rest.starts_with('/') && !id.contains('/');
        own.then_some((collection, id))
    })?;
    Some(match (&ask.method, id) {
        (&Method::GET, "") => Ok(page(ask, collection.list(state, ask))),
        (&Method::GET, id) => collection.get(state, ask, id),
        (&Method::POST | &Method::PUT, _) => collection.put(state, ask, id),
        (&Method::DELETE, id) => collection.delete(state, ask, id),
        _ => Err(Refusal::no_route(&ask.method, &ask.path)),
    })
}

impl Collection {
    /// Where a request acts, as far down as these records live.
    fn place<'a>(&self, ask: &'a Ask) -> (&'a str, &'a str) {
        match self.level {
            Level::Account => ("", ""),
            Level::Org => (ask.org(), ""),
            Level::Project => (ask.org(), ask.project()),
        }
    }

    fn list(&self, state: &State, ask: &Ask) -> Vec<Value> {
        let (org, project) = self.place(ask);
        let words = ask.search().unwrap_or_default();
        let here = |item: &&Item| item.org == org && item.project == project;
        let named = |item: &&Item| item.body.to_string().to_lowercase().contains(&words);
        let items = state.all(self.kind).iter();
        items.filter(here).filter(named).map(|item| self.wrapped(item)).collect()
    }

    fn get(&self, state: &State, ask: &Ask, id: &str) -> Result<Value, Refusal> {
        let (org, project) = self.place(ask);
        let item = state.find(self.kind, org, project, id);
        let item = item.ok_or_else(|| Refusal::not_found(self.kind, id))?;
        Ok(success(self.wrapped(item)))
    }

    /// Makes a record, or replaces one that the request names in its path or its body.
    fn put(&self, state: &mut State, ask: &Ask, id: &str) -> Result<Value, Refusal> {
        let given = self.wrap.and_then(|key| ask.json.get(key)).unwrap_or(&ask.json);
        let stated = given.get("identifier").and_then(Value::as_str).unwrap_or(id).to_owned();
        if stated.is_empty() {
            return Err(Refusal::invalid("identifier: must not be blank"));
        }
        let (org, project) = self.place(ask);
        let exists = state.find(self.kind, org, project, &stated).is_some();
        match (&ask.method, exists) {
            (&Method::POST, true) => {
                let message = format!("{} [{stated}] already exists", self.kind);
                return Err(Refusal::new(400, "DUPLICATE_FIELD", message));
            }
            (&Method::PUT, false) => return Err(Refusal::not_found(self.kind, &stated)),
            _ => {}
        }
        let mut body = given.clone();
        body["identifier"] = json!(stated);
        let item = Item { org: org.into(), project: project.into(), id: stated, body };
        let answer = success(self.wrapped(&item));
        state.put(self.kind, item);
        Ok(answer)
    }

    fn delete(&self, state: &mut State, ask: &Ask, id: &str) -> Result<Value, Refusal> {
        let (org, project) = self.place(ask);
        if state.remove(self.kind, org, project, id) {
            return Ok(success(json!(true)));
        }
        Err(Refusal::not_found(self.kind, id))
    }

    fn wrapped(&self, item: &Item) -> Value {
        match self.wrap {
            Some(key) => json!({ (key): item.body, "createdAt": 1_770_000_000_000_u64,
                                 "lastModifiedAt": 1_770_000_000_000_u64 }),
            None => item.body.clone(),
        }
    }
}

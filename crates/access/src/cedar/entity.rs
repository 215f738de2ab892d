//! A call in Cedar's words.

use std::{collections::HashMap, sync::LazyLock};

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression,
    Schema,
};
use pilothouse_model::{Caller, Namespace, PrincipalKind, Risk};

use super::schema::{WRITE, above};

/// Parsed once: their grammar is Cedar's.
struct Types {
    action: EntityTypeName,
    namespace: EntityTypeName,
    team: EntityTypeName,
    /// In the order of [`KINDS`].
    principals: [EntityTypeName; 5],
}

static TYPES: LazyLock<Types> = LazyLock::new(|| {
    let named = |name: &str| name.parse().expect("a word names a type");
    Types {
        action: named("Action"),
        namespace: named("Namespace"),
        team: named("Team"),
        principals: KINDS.map(|(_, name)| named(name)),
    }
});

const KINDS: [(PrincipalKind, &str); 5] = [
    (PrincipalKind::Operator, "Operator"),
    (PrincipalKind::User, "User"),
    (PrincipalKind::ServiceAccount, "ServiceAccount"),
    (PrincipalKind::External, "External"),
    (PrincipalKind::ApiKey, "ApiKey"),
];

type Problem = Box<dyn std::error::Error>;

/// Who calls what, in all namespaces that are asked about.
pub(super) struct Call {
    principal: EntityUid,
    action: EntityUid,
    context: Context,
    /// The principal and the action, with what they are in.
    known: Vec<Entity>,
}

impl Call {
    pub(super) fn new(caller: &Caller, operation: &str, risk: Risk) -> Result<Self, Problem> {
        let principal = principal_uid(caller);
        let teams = caller.teams.iter().map(|id| uid(&TYPES.team, id)).collect();
        let name = [("name".to_owned(), text(&caller.principal.name))];
        let mut known = vec![Entity::new(principal.clone(), HashMap::from(name), teams)?];

        let (kind, platform) = above(operation);
        let action = action_uid(operation);
        for (name, parents) in [
            (operation, &[kind, risk.as_str()][..]),
            (kind, &[platform]),
            (risk.as_str(), if risk.is_read() { &[] } else { &[WRITE] }),
        ] {
            let parents = parents.iter().map(|name| action_uid(name)).collect();
            known.push(Entity::new_no_attrs(action_uid(name), parents));
        }

        let scopes = caller.scopes.to_string();
        let scopes = scopes.split_ascii_whitespace().map(text);
        let mut context = vec![("scopes".to_owned(), RestrictedExpression::new_set(scopes))];
        context.extend(caller.space.as_deref().map(|space| ("space".to_owned(), text(space))));
        let context = Context::from_pairs(context)?;
        Ok(Self { principal, action, context, known })
    }

    /// The call in `namespace`; `schema` only where the request shall be checked against it.
    pub(super) fn at(
        &self,
        namespace: &Namespace,
        schema: Option<&Schema>,
    ) -> Result<(Request, Entities), Problem> {
        let mut known = self.known.clone();
        add_lineage(&mut known, namespace);
        let Self { principal, action, context, .. } = self;
        let (principal, action) = (principal.clone(), action.clone());
        let resource = namespace_uid(namespace);
        let request = Request::new(principal, action, resource, context.clone(), schema)?;
        Ok((request, Entities::from_entities(known, schema)?))
    }
}

/// The namespace and all above it: `acme/prod`, `acme`, `tharsis:`, `*`.
fn add_lineage(known: &mut Vec<Entity>, namespace: &Namespace) {
    let mut current = namespace.clone();
    loop {
        let above = above_namespace(&current);
        let parents = above.iter().map(namespace_uid).collect();
        known.push(Entity::new_no_attrs(namespace_uid(&current), parents));
        match above {
            Some(above) => current = above,
            None => return,
        }
    }
}

fn above_namespace(namespace: &Namespace) -> Option<Namespace> {
    if namespace.is_everything() {
        None
    } else if namespace.path.is_empty() {
        Some(Namespace::everything())
    } else {
        let path = namespace.path.rsplit_once('/').map_or("", |(above, _)| above);
        Some(Namespace::new(&namespace.realm, path))
    }
}

fn principal_uid(caller: &Caller) -> EntityUid {
    let [operator, user, service_account, external, api_key] = &TYPES.principals;
    let own = match caller.principal.kind {
        PrincipalKind::Operator => operator,
        PrincipalKind::User => user,
        PrincipalKind::ServiceAccount => service_account,
        PrincipalKind::External => external,
        PrincipalKind::ApiKey => api_key,
    };
    uid(own, &caller.principal.id)
}

fn action_uid(name: &str) -> EntityUid {
    uid(&TYPES.action, name)
}

fn namespace_uid(namespace: &Namespace) -> EntityUid {
    uid(&TYPES.namespace, &namespace.to_string())
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn text(text: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(text.to_owned())
}

/// The namespace that a policy names, if that is what `literal` is. What it names must be written
/// as calls have it; else the policy would be about nothing.
pub(super) fn named(literal: &EntityUid) -> Result<Option<Namespace>, String> {
    let id: &str = literal.id().unescaped();
    let kind = literal.type_name().to_string();
    let wrong = |hint: &str| Err(format!("{literal} names nothing: {hint}"));
    let own = KINDS.iter().find(|(_, name)| *name == kind).map(|(kind, _)| *kind);
    match (kind.as_str(), own) {
        ("Namespace", _) => match id.parse::<Namespace>() {
            Ok(namespace) if namespace.to_string() == id => Ok(Some(namespace)),
            Ok(namespace) => wrong(&format!("write Namespace::\"{namespace}\"")),
            Err(error) => wrong(&error.hint.unwrap_or(error.message)),
        },
        ("Team", _) if !id.starts_with("team:") => wrong("write Team::\"team:ops\""),
        (_, Some(PrincipalKind::Operator)) if !id.starts_with("user:") => {
            wrong("write Operator::\"user:jo\"")
        }
        (_, Some(own)) if own != PrincipalKind::Operator => {
            let is_subject = id
                .split_once(':')
                .is_some_and(|(kind, name)| !kind.is_empty() && !name.is_empty() && kind != "team");
            if is_subject && PrincipalKind::of_id(id) == own {
                return Ok(None);
            }
            wrong(
                "write User::\"user:jo\", ServiceAccount::\"sa:ID\" or \"client:ID\", \
                 ApiKey::\"key:ID\" or External::\"github:LOGIN\"",
            )
        }
        _ => Ok(None),
    }
}

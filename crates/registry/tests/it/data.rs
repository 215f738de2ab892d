//! Rules that every platform's data must keep, beyond what loading checks.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    sync::Arc,
};

use pilothouse_model::Risk;
use pilothouse_registry::{
    Binding, Catalog, Method, Operation, PlatformCatalog, ResourceType, resource::Retry, spec::Arg,
};

/// Reads that a platform offers under another method than GET, or a gRPC method not named Get…:
/// one operation per line.
const READS_BY_ANOTHER_NAME: &str = include_str!("../data/reads_by_another_name.txt");

fn platforms() -> Vec<Arc<PlatformCatalog>> {
    let catalog = Catalog::embedded();
    catalog.names().map(|name| catalog.platform(name).unwrap()).collect()
}

/// Calls `check` for every operation there is, internal ones included.
fn each(check: impl Fn(&ResourceType, &Operation)) {
    let mut seen = 0;
    for platform in platforms() {
        for kind in platform.types.values() {
            for operation in kind.operations.values() {
                check(kind, operation);
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "only {seen} operations were looked at");
}

#[test]
fn every_platform_loads() {
    let catalog = Catalog::embedded();
    assert_eq!(catalog.names().collect::<Vec<_>>(), ["harness", "tharsis"]);
    for name in catalog.names() {
        let platform = catalog.platform(name).unwrap();
        if let Err(error) = platform.check() {
            panic!("{error}");
        }
    }
}

#[test]
fn a_platform_is_parsed_once() {
    let catalog = Catalog::embedded();
    let (first, second) =
        (catalog.platform("tharsis").unwrap(), catalog.platform("tharsis").unwrap());
    assert!(Arc::ptr_eq(&first, &second));
}

#[test]
fn what_gets_is_a_read_and_what_reads_gets() {
    let listed: BTreeSet<&str> = READS_BY_ANOTHER_NAME.lines().collect();
    let seen = RefCell::new(BTreeSet::new());
    each(|_, operation| {
        let gets = match &operation.binding {
            Binding::Http { method, .. } => *method == Method::Get,
            Binding::Grpc { method, .. } => method.starts_with("Get"),
            Binding::Hook(_) => return,
        };
        let is_listed = listed.contains(operation.id.as_str());
        assert_eq!(operation.risk == Risk::Read, gets || is_listed, "{}", operation.id);
        if is_listed && !gets {
            seen.borrow_mut().insert(operation.id.clone());
        }
    });
    let stale: Vec<_> = listed.iter().filter(|id| !seen.borrow().contains(**id)).collect();
    assert!(stale.is_empty(), "listed without need: {stale:?}");
}

#[test]
fn writes_that_create_are_never_sent_twice() {
    each(|_, operation| {
        if operation.name == "create" {
            assert_eq!(operation.retry, Retry::Never, "{}", operation.id);
        }
    });
}

/// A commit that was made once is not made again: the second attempt fails, or makes another.
#[test]
fn writes_that_commit_to_git_are_never_sent_twice() {
    const GIT: [&str; 4] = ["is_new_branch", "commit_msg", "last_object_id", "git_details"];
    let found = Cell::new(0);
    each(|_, operation| {
        let fields = operation.args.values().flat_map(|argument| argument.spec.fields.keys());
        let mut named = operation.args.keys().chain(fields);
        if operation.risk != Risk::Read && named.any(|name| GIT.contains(&name.as_str())) {
            assert_eq!(operation.retry, Retry::Never, "{}", operation.id);
            found.set(found.get() + 1);
        }
    });
    assert!(found.get() > 5, "{found:?}");
}

#[test]
fn deletes_are_destructive() {
    each(|_, operation| {
        if operation.name == "delete" {
            assert_eq!(operation.risk, Risk::Destructive, "{}", operation.id);
        }
    });
}

#[test]
fn hooks_are_named_after_their_operation() {
    each(|kind, operation| {
        let whole = match &operation.binding {
            Binding::Hook(hook) => Some(hook),
            _ => None,
        };
        for hook in whole.into_iter().chain(&operation.body_hook) {
            assert_eq!(*hook, format!("{}_{}", kind.name, operation.name), "{}", operation.id);
        }
    });
}

#[test]
fn everything_says_what_it_is() {
    for platform in platforms() {
        for kind in platform.types.values() {
            assert!(!kind.title.is_empty() && !kind.about.is_empty(), "{}", kind.id);
        }
    }
    each(|_, operation| {
        assert!(!operation.about.is_empty(), "{}", operation.id);
        for (name, argument) in &operation.args {
            assert!(!argument.spec.about.is_empty(), "{}: {name}", operation.id);
        }
    });
}

/// Fields of arguments whose names say it all.
const PLAIN: [&str; 23] = [
    "branch",
    "color",
    "comment",
    "comments",
    "description",
    "email",
    "enabled",
    "id",
    "identifier",
    "message",
    "name",
    "reason",
    "revision",
    "summary",
    "tags",
    "text",
    "timeout",
    "title",
    "type",
    "uid",
    "url",
    "value",
    "version",
];

#[test]
fn fields_say_what_they_are_unless_their_names_do() {
    fn silent(name: &str, arg: &Arg, found: &mut Vec<String>) {
        for (inner, field) in &arg.fields {
            let name = format!("{name}.{inner}");
            if field.about.is_empty() && !PLAIN.contains(&inner.as_str()) {
                found.push(name.clone());
            }
            silent(&name, field, found);
        }
    }
    each(|_, operation| {
        let mut found = Vec::new();
        for (name, argument) in &operation.args {
            silent(name, &argument.spec, &mut found);
        }
        assert!(found.is_empty(), "{}: {found:?}", operation.id);
    });
}

#[test]
fn texts_stay_short_enough_for_a_tool_list() {
    each(|_, operation| {
        assert!(operation.about.len() <= 240, "{}", operation.id);
        for (name, argument) in &operation.args {
            assert!(argument.spec.about.len() <= 160, "{}: {name}", operation.id);
        }
    });
}

#[test]
fn unknown_names_get_a_suggestion() {
    let catalog = Catalog::embedded();
    for (error, hint) in [
        (catalog.platform("tarsis").map(drop).unwrap_err(), "tharsis"),
        (catalog.resource_type("tharsis.rnu").map(drop).unwrap_err(), "tharsis.run"),
        (catalog.resource_type("run").map(drop).unwrap_err(), "platform.type"),
        (catalog.operation("tharsis.run.aply").map(drop).unwrap_err(), "apply"),
        (catalog.operation("tharsis.run.zzz").map(drop).unwrap_err(), "there are"),
        (catalog.operation("tharsis.job.log_range").map(drop).unwrap_err(), "logs"),
    ] {
        assert!(error.hint.as_deref().is_some_and(|it| it.contains(hint)), "{error}");
    }
}

#[test]
fn types_answer_to_their_aliases() {
    let catalog = Catalog::embedded();
    for name in ["tharsis.workspace", "tharsis.Workspaces", "tharsis.ws"] {
        assert_eq!(catalog.resource_type(name).unwrap().id, "tharsis.workspace", "{name}");
    }
    let platform = catalog.platform("tharsis").unwrap();
    assert_eq!(platform.resource_type("tharsis.tfvar").unwrap().id, "tharsis.variable");
}

/// Types whose list says nothing of its own in short are listed, so that a new one is looked at.
#[test]
fn lists_keep_what_they_are_asked_for() {
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let is_listed = |kind: &&ResourceType| {
        kind.operations.get("list").is_some_and(|list| !list.internal && list.items.is_some())
    };
    let (told, plain): (Vec<_>, Vec<_>) =
        catalog.types.values().filter(is_listed).partition(|kind| !kind.summary.is_empty());
    assert!(told.len() > 50, "only {} types say what their short lists keep", told.len());
    let plain: Vec<&str> = plain.iter().map(|kind| kind.name.as_str()).collect();
    insta::assert_snapshot!("types_without_a_summary", plain.join("\n"));
}

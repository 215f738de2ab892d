//! What search finds, first on a handful of documents, then on the registry itself.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::Catalog;

proptest! {
    #[test]
    fn any_text_can_be_indexed_and_searched(texts in prop::collection::vec(".{0,40}", 0..5), query in ".{0,40}") {
        let index = Index::new(texts.iter().map(|text| ((), vec![Field::new(1.0, text.as_str())])));
        for hit in index.search(&query, 10, |()| true) {
            prop_assert!(hit.score.is_finite() && hit.score > 0.0);
        }
    }
}

fn index(documents: &[(&'static str, &str)]) -> Index<&'static str> {
    Index::new(documents.iter().map(|(name, text)| (*name, vec![Field::new(1.0, *text)])))
}

fn found(index: &Index<&'static str>, query: &str) -> Vec<&'static str> {
    index.search(query, 10, |_| true).iter().map(|hit| *hit.document).collect()
}

#[test]
fn rare_words_and_short_documents_rank_higher() {
    let index = index(&[
        ("long", "lock the workspace and many other things one might do with a workspace"),
        ("short", "lock workspace"),
        ("other", "delete workspace"),
    ]);
    assert_eq!(found(&index, "lock workspace"), ["short", "long", "other"]);
    assert_eq!(found(&index, "delete"), ["other"]);
    assert_eq!(found(&index, "nothing of this"), Vec::<&str>::new());
    assert_eq!(found(&index, ""), Vec::<&str>::new());
}

#[test]
fn equals_keep_their_order_and_limits_hold() {
    let index = index(&[("a", "same"), ("b", "same"), ("c", "same")]);
    assert_eq!(found(&index, "same"), ["a", "b", "c"]);
    let hits = index.search("same", 2, |name| *name != "a");
    assert_eq!(hits.iter().map(|hit| *hit.document).collect::<Vec<_>>(), ["b", "c"]);
}

#[test]
fn an_exact_word_beats_a_completion_and_a_misspelling_still_finds() {
    let index = index(&[("variables", "variable"), ("var", "var"), ("workspace", "workspace")]);
    assert_eq!(found(&index, "var"), ["var", "variables"]);
    assert_eq!(found(&index, "workpsace"), ["workspace"]);
}

#[test]
fn an_empty_index_answers() {
    assert_eq!(found(&index(&[]), "anything"), Vec::<&str>::new());
}

#[test]
fn the_registry_answers_plain_questions() {
    let search = CatalogSearch::new(vec![Catalog::embedded().platform("tharsis").unwrap()]);
    for (query, wanted) in [
        ("why did my run fail", "tharsis.run.diagnose"),
        ("run", "tharsis.run"),
        ("workspaces", "tharsis.workspace"),
        ("upload terraform files", "tharsis.configuration_version.upload"),
        ("uplaod configration", "tharsis.configuration_version.upload"),
        ("lock workspace", "tharsis.workspace.lock"),
        ("apply run", "tharsis.run.apply"),
        ("apply a planned run", "tharsis.run.apply"),
        ("environment variable", "tharsis.variable"),
        ("destroy everything", "tharsis.run.destroy"),
        ("job log", "tharsis.job.logs"),
        ("state outputs", "tharsis.state_version.outputs"),
        ("plan diff", "tharsis.plan.diff"),
        ("documentation", "tharsis.documentation"),
    ] {
        let hits = search.search(query, 2, &|_| true);
        let ids: Vec<&str> = hits.iter().map(Found::id).collect();
        assert!(ids.contains(&wanted), "{query}: {ids:?} instead of {wanted}");
    }
}

#[test]
fn what_is_not_shown_is_not_found() {
    let search = CatalogSearch::new(vec![Catalog::embedded().platform("tharsis").unwrap()]);
    let reads = search.search("delete workspace", 50, &|operation| operation.risk.is_read());
    assert!(!reads.is_empty());
    assert!(reads.iter().all(|hit| hit.operation.is_none_or(|it| it.risk.is_read())));
    assert!(search.search("run", 50, &|_| false).is_empty());
}

#[test]
fn internal_operations_are_not_found() {
    let search =
        CatalogSearch::new(vec![Arc::clone(&Catalog::embedded().platform("tharsis").unwrap())]);
    for hit in search.search("latest_for_plan log_range changes output_list", 100, &|_| true) {
        assert!(hit.operation.is_none_or(|operation| !operation.internal), "{}", hit.id());
    }
}

/// What is found for `query` on Harness, as callers there write it.
fn on_harness(query: &str, limit: usize) -> Vec<String> {
    let search = CatalogSearch::new(vec![Catalog::embedded().platform("harness").unwrap()]);
    let found = search.search(query, limit, &|operation| !operation.internal);
    found.iter().map(|it| it.id().trim_start_matches("harness.").to_owned()).collect()
}

#[test]
fn what_is_called_so_comes_first() {
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let search = CatalogSearch::new(vec![Arc::clone(&catalog)]);
    let mut late = Vec::new();
    for kind in catalog.types.values().filter(|kind| kind.public_operations().next().is_some()) {
        let is_called = |other: &crate::ResourceType, query: &str| {
            let names = [&other.name, &other.title].into_iter().chain(&other.aliases);
            names.into_iter().any(|name| term::phrase(name) == term::phrase(query))
        };
        for query in [&kind.name, &kind.title].into_iter().chain(&kind.aliases) {
            let found = search.search(query, 10, &|operation| !operation.internal);
            let before: Vec<&str> = found
                .iter()
                .take_while(|it| it.operation.is_some() || it.resource_type.name != kind.name)
                .filter(|it| it.operation.is_some() || !is_called(it.resource_type, query))
                .map(Found::id)
                .collect();
            let is_first = found.first().is_some_and(|it| it.resource_type.name == kind.name);
            if !before.is_empty() || (*query == kind.name && !is_first) {
                late.push(format!("{query:?} of {}: behind {before:?}", kind.name));
            }
        }
    }
    assert!(late.is_empty(), "{}", late.join("\n"));
}

#[test]
fn questions_find_what_answers_them() {
    let mut missed = Vec::new();
    for (question, answer, place) in [
        ("pipeline", "pipeline", 1),
        ("run", "execution", 1),
        ("pr", "pull_request", 1),
        ("repo", "repository", 1),
        ("eval", "evaluation", 1),
        ("list all projects", "project.list", 1),
        ("rerun pipeline", "pipeline.retry", 1),
        ("stop a running pipeline", "execution.interrupt", 1),
        ("what is running right now", "execution", 1),
        ("remove the connector", "connector.delete", 1),
        ("rollback", "execution", 1),
        ("rollback a deployment", "execution", 3),
        ("how much do we spend on aws", "cost_perspective", 3),
        ("who deleted the connector", "audit_event", 3),
        ("evaluate llm", "evaluation", 1),
        ("docker image vulnerabilities", "artifact_security", 1),
        ("helm chart", "artifact", 1),
        ("permissions of a user", "role_assignment", 1),
        ("who has admin access", "role_assignment", 3),
    ] {
        let found = on_harness(question, 10);
        if !found.iter().take(place).any(|id| id == answer) {
            missed.push(format!("{question}: {found:?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

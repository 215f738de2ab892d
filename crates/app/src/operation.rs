//! Every operation that a policy can name.

use pilothouse_access::{cedar::schema::Operations, requirement::terraform_operations};
use pilothouse_model::{Error, Risk};
use pilothouse_registry::Catalog;

/// Those of all platforms, by name. Reads the whole registry, so it is for those who have policies.
pub(crate) fn all() -> Result<Operations, Error> {
    let mut all = Operations::new();
    for platform in Catalog::embedded().names() {
        let catalog = Catalog::embedded().platform(platform)?;
        let operations = catalog.types.values().flat_map(|kind| kind.operations.values());
        all.extend(operations.map(|operation| (operation.id.as_str().to_owned(), operation.risk)));
    }
    // The registry knows them better.
    let direct = terraform_operations()
        .map(|(name, reads)| (name, if reads { Risk::Read } else { Risk::MediumWrite }));
    all.extend(direct);
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    all.dedup_by(|(later, _), (earlier, _)| later == earlier);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use pilothouse_access::cedar::case;

    use super::*;

    #[test]
    fn an_operation_has_the_risk_that_the_registry_says() {
        let all = all().unwrap();
        for (name, risk) in [
            ("tharsis.workspace.delete", Risk::Destructive),
            ("tharsis.namespace_membership.create", Risk::MediumWrite),
            ("harness.pipeline.list", Risk::Read),
        ] {
            let found = all.binary_search_by(|(own, _)| own.as_str().cmp(name));
            assert_eq!(found.map(|at| all[at].1), Ok(risk), "{name}");
        }
    }

    #[test]
    fn the_guides_policies_are_valid_and_decide_what_its_case_says() {
        let guide = include_str!("../../../docs/guide/access.md");
        let block = |language: &str| {
            let (_, rest) = guide.split_once(&format!("```{language}\n")).unwrap();
            rest.split_once("```").unwrap().0
        };
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("production.cedar"), block("cedar")).unwrap();
        std::fs::write(directory.path().join("all.case.toml"), block("toml")).unwrap();
        let outcomes = case::run(directory.path(), &all().unwrap()).unwrap();
        assert_eq!(outcomes.len(), 1);
        assert_eq!(outcomes[0].problem, None);
    }
}

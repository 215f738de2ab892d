//! Every operation that a rule can name.

use pilothouse_access::{requirement::terraform_operations, rule::Operations};
use pilothouse_model::{Error, Risk};
use pilothouse_registry::Catalog;

/// Those of all platforms, by name. Reads the whole registry, so it is for those who have rules.
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
}

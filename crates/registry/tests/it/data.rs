//! Rules that every platform's data must keep, beyond what loading checks.

use pilothouse_registry::Catalog;

#[test]
fn every_platform_loads() {
    let catalog = Catalog::embedded();
    assert_eq!(catalog.names().collect::<Vec<_>>(), ["tharsis"]);
    for name in catalog.names() {
        if let Err(error) = catalog.platform(name) {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            panic!("{}", source.unwrap_or_else(|| error.to_string()));
        }
    }
}

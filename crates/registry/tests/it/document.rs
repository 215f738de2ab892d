//! What the documentation of the Harness server promises: every row of its tables is served.

use pilothouse_registry::Catalog;

const ROWS: &str = include_str!("../data/harness_document.txt");

#[test]
fn every_row_of_the_document_is_served() {
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let (mut types, mut operations, mut missing) = (0, 0, Vec::new());
    for (kind, verbs) in ROWS.lines().filter_map(|line| line.split_once(": ")) {
        if kind.starts_with('#') {
            continue;
        }
        types += 1;
        for verb in verbs.split(' ') {
            operations += 1;
            let found = catalog.types.get(kind).and_then(|kind| kind.operation(verb).ok());
            if found.is_none() {
                missing.push(format!("{kind}.{verb}"));
            }
        }
    }
    println!("harness: {operations} operations of {types} types in the document");
    assert!(missing.is_empty(), "not served: {missing:?}");
    assert_eq!(types, 138);
}

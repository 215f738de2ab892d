//! Rebuilds the crate when a data file is added or removed: the embedding macro only watches the
//! files it found.

fn main() {
    for folder in ["../../registry", "../../docs/guide"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}

//! Rebuilds the crate when a data file is added or removed: the embedding macro only watches the
//! files it found.

fn main() {
    println!("cargo::rerun-if-changed=../../registry");
}

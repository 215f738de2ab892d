//! A new migration file must rebuild the crate: `sqlx::migrate!` watches only files it has seen.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}

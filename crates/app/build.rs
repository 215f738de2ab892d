//! Asks the linker to store the addresses that the loader must adjust in their packed form: a
//! megabyte less. A linker that does not know how says so and goes on.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_CFG_TARGET_OS").is_some_and(|os| os == "linux") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

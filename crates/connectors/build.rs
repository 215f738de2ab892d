//! Compiles the protocol files of the platforms that speak gRPC into descriptor sets, without
//! `protoc`. The crate embeds them and reads messages by reflection, so no code is generated.

use std::{env, error::Error, fs, path::PathBuf};

const THARSIS: &str = "../../proto/tharsis";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={THARSIS}");
    let mut files = Vec::new();
    for entry in fs::read_dir(THARSIS)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    files.sort();
    let descriptors = protox::Compiler::new([THARSIS])?
        .include_imports(true)
        .open_files(files)?
        .encode_file_descriptor_set();
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(out.join("tharsis.bin"), descriptors)?;
    Ok(())
}

//! Compiles the protocol of the embedded Terraform platform, without `protoc`: server code for
//! the library, client code for its tests (they speak to it as any client would).

use std::{env, error::Error, fs, path::PathBuf};

const INCLUDE: &str = "../../proto/tharsis";

/// The files of the services that the platform serves; what they import follows.
const SERVED: [&str; 14] = [
    "caller.proto",
    "configuration_version.proto",
    "group.proto",
    "job.proto",
    "managed_identity.proto",
    "namespace_membership.proto",
    "namespace_variable.proto",
    "role.proto",
    "run.proto",
    "service_account.proto",
    "state_version.proto",
    "team.proto",
    "version.proto",
    "workspace.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={INCLUDE}");
    let mut compiler = protox::Compiler::new([INCLUDE])?;
    compiler.include_imports(true).include_source_info(true).open_files(SERVED)?;
    let descriptors = compiler.file_descriptor_set();
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    // Tests walk every method.
    fs::write(out.join("services.bin"), compiler.encode_file_descriptor_set())?;
    for (folder, server) in [("server", true), ("client", false)] {
        let folder = out.join(folder);
        fs::create_dir_all(&folder)?;
        tonic_prost_build::configure()
            .build_server(server)
            .build_client(!server)
            .build_transport(false)
            .generate_default_stubs(true)
            .out_dir(&folder)
            .include_file("tharsis.rs")
            .compile_fds(descriptors.clone())?;
    }
    Ok(())
}

//! A `.env` in the directory where the program starts, which may be somebody else's.

use super::*;

/// What comes of a `.env` in the directory where the program starts.
fn with_nearby(nearby: &str, own: &[(&str, &str)], file: &str) -> Config {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(".env"), nearby).unwrap();
    let path = directory.path().join("config.toml");
    fs::write(&path, file).unwrap();
    let environment: Environment = [("HOME", "/home/ada")].iter().chain(own).copied().collect();
    let environment = environment.with_file(None, directory.path()).unwrap();
    let places = Places { system: System::Linux, environment: &environment };
    Config::load(&Arguments { file: Some(path), flags: Vec::new() }, &places).unwrap()
}

#[test]
fn somebody_elses_directory_gets_no_key_and_loosens_nothing() {
    let key = "[harness]\napi_key = \"pat.a.b.c\"\n";
    let fme = "[harness]\nfme_api_key = \"k\"\n";
    let limited = "[harness]\napi_key = \"k\"\nread_only = true\ntoolsets = \"pipelines\"\n";
    let in_environment = [("HARNESS_API_KEY", "pat.a.b.c")];
    let evil = "HARNESS_BASE_URL=https://evil.example";
    let evil_fme = "HARNESS_FME_BASE_URL=https://evil.example";
    let theirs = "HARNESS_API_KEY=pat.x.y.z";
    let both = "HARNESS_API_KEY=pat.x.y.z\nHARNESS_FME_API_KEY=f";
    for (keys, line, own, file, counts) in [
        ("", evil, &[][..], key, false),
        ("", evil, &in_environment, "", false),
        (theirs, evil, &in_environment, "", false),
        (theirs, evil, &[], "", true),
        (theirs, evil, &[], key, true),
        ("", evil_fme, &[], fme, false),
        (theirs, evil_fme, &[], fme, false),
        (theirs, evil_fme, &[], "", true),
        (both, evil_fme, &[], fme, true),
        ("", "HARNESS_ALLOW_HTTP=true", &[], key, false),
        ("", "HARNESS_CA_FILE=/dev/null", &[], key, false),
        (theirs, "HARNESS_CA_FILE=/dev/null", &[], "", true),
        ("", "HARNESS_AUTO_APPROVE_RISK=all", &[], key, false),
        ("", "HARNESS_SKIP_ELICITATION=true", &in_environment, "", false),
        ("", "HARNESS_MCP_AUTH_TOKEN=known-to-others-too", &[], key, false),
        ("", "HARNESS_MCP_ALLOWED_HOSTS=evil.example", &[], key, false),
        ("", "HARNESS_READ_ONLY=false", &[], limited, false),
        ("", "HARNESS_READ_ONLY=true", &[], key, true),
        ("", "HARNESS_TOOLSETS=secrets", &[], limited, false),
        ("", "HARNESS_TOOLSETS=secrets", &[], key, true),
        (theirs, "HARNESS_AUDIT_FILE=/etc/profile", &[], "", false),
        ("", "HARNESS_PROJECT=shop", &[], key, true),
    ] {
        let case = format!("{keys}\n{line} {own:?} {file}");
        let without = with_nearby(keys, own, file);
        let with = with_nearby(&format!("{keys}\n{line}"), own, file);
        let seen = |config: &Config| format!("{:?} {:?}", config.harness, config.server);
        assert_eq!(seen(&without) != seen(&with), counts, "{case}");
        let told: Vec<_> = with.without_effect.iter().map(|(name, _)| *name).collect();
        let (name, _) = line.split_once('=').unwrap();
        assert_eq!(told == [name], !counts, "{case}: {told:?}");
    }
}

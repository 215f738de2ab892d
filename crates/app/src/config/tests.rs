//! Configurations that are right, and everything that can be wrong with one.

mod nearby;

use std::{collections::BTreeSet, fs, num::NonZeroUsize, path::Path};

use pilothouse_access::AutoApprove;
use secrecy::ExposeSecret;

use super::*;
use crate::{environment::Environment, place::System};

fn load_with(environment: &[(&str, &str)], arguments: &Arguments) -> Result<Config, Problems> {
    let home = [("HOME", "/home/ada")];
    let environment: Environment = home.iter().chain(environment).copied().collect();
    let places = Places { system: System::Linux, environment: &environment };
    Config::load(arguments, &places)
}

fn load(environment: &[(&str, &str)]) -> Result<Config, Problems> {
    load_with(environment, &Arguments::default())
}

fn with_file(text: &str, environment: &[(&str, &str)]) -> Result<Config, Problems> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.toml");
    fs::write(&file, text).unwrap();
    load_with(environment, &Arguments { file: Some(file), flags: Vec::new() })
}

#[track_caller]
fn assert_problem(result: Result<Config, Problems>, expected: &str) {
    let problems = result.err().map_or_else(Vec::new, |problems| problems.0);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains(expected), "{problems:?}");
}

#[test]
fn the_defaults_are_complete() {
    let config = load(&[]).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:7777");
    assert_eq!(config.data.directory, Path::new("/home/ada/.local/share/pilothouse"));
    let known = pilothouse_gateway::mcp::Limits::default().message_bytes;
    assert_eq!(config.server.max_body_bytes, known, "what docs/reference/limits.md says");
    let url = config.data.database_url.expose_secret();
    assert_eq!(url, "sqlite:///home/ada/.local/share/pilothouse/pilothouse.db");
    assert_eq!(config.policy.revision(), Policy::default().revision());
    assert_eq!(config.server.workers, None, "as many as the machine suggests");
    let stated = load(&[("PILOTHOUSE_WORKERS", "64")]).unwrap();
    assert_eq!(stated.server.workers, NonZeroUsize::new(64));
}

#[test]
fn every_default_belongs_to_a_setting() {
    with_file(include_str!("defaults.toml"), &[]).unwrap();
}

#[test]
fn settings_are_declared_once() {
    let mut keys = BTreeSet::new();
    let mut variables = BTreeSet::new();
    for setting in setting::all() {
        assert!(keys.insert(setting.key), "{} twice", setting.key);
        for variable in setting.variables() {
            assert!(variables.insert(variable), "{variable} twice");
        }
    }
}

#[test]
fn later_layers_win() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\n[terraform]\nparallel_jobs = 3\n";
    let config = with_file(file, &[("PILOTHOUSE_LISTEN", "127.0.0.1:2")]).unwrap();
    assert_eq!(config.server.listen.port(), 2);
    assert_eq!(config.terraform.parallel_jobs.get(), 3);

    let flag = Flag { name: "--listen", key: "server.listen", value: "127.0.0.1:3".into() };
    let arguments = Arguments { file: None, flags: vec![flag] };
    let config = load_with(&[("PILOTHOUSE_LISTEN", "127.0.0.1:2")], &arguments).unwrap();
    assert_eq!(config.server.listen.port(), 3);
}

#[test]
fn every_kind_of_mistake_names_its_place_and_what_is_expected() {
    for (variable, value, expected) in [
        (
            "PILOTHOUSE_LISTEN",
            "localhost",
            "PILOTHOUSE_LISTEN is \"localhost\", expected an IP address and a port",
        ),
        ("PILOTHOUSE_LISTEN", "0.0.0.0:7777", "set PILOTHOUSE_BEHIND_PROXY=true"),
        ("PILOTHOUSE_BEHIND_PROXY", "true", "PILOTHOUSE_ALLOWED_HOSTS is not set"),
        ("PILOTHOUSE_MAX_BODY_BYTES", "2GiB", "expected a size from 64KiB to 1GiB"),
        ("PILOTHOUSE_MAX_BODY_BYTES", "1", "expected a size from 64KiB to 1GiB"),
        ("PILOTHOUSE_SESSION_TTL", "soon", "expected a duration"),
        ("PILOTHOUSE_WORKERS", "0", "expected a number from 1 to 64"),
        ("PILOTHOUSE_WORKERS", "65", "expected a number from 1 to 64"),
        ("PILOTHOUSE_LOG", "loud,=", "expected a level"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is \"loud\", expected a level"),
        ("PILOTHOUSE_LOG", "info,loud", "expected a level"),
        ("PILOTHOUSE_REQUESTS_PER_MINUTE", "0", "expected a number of at least 1"),
        ("PILOTHOUSE_LOG_FORMAT", "xml", "expected auto, text or json"),
        ("PILOTHOUSE_AUTO_APPROVE", "some", "expected none, low_write"),
        ("PILOTHOUSE_PARALLEL_JOBS", "65", "expected a number from 1 to 64"),
        ("THARSIS_MCP_READ_ONLY", "maybe", "expected true or false"),
        ("HARNESS_BASE_URL", "harness.example", "expected a web address"),
        ("HARNESS_CA_FILE", "/nowhere/ca.pem", "HARNESS_CA_FILE: /nowhere/ca.pem cannot be read"),
        ("THARSIS_CA_FILE", "/nowhere/ca.pem", "THARSIS_CA_FILE: /nowhere/ca.pem cannot be read"),
        ("HARNESS_MAX_RETRIES", "11", "expected a number from 0 to 10"),
        ("THARSIS_CLIENT_ID", "sa", "THARSIS_CLIENT_ID is set and THARSIS_CLIENT_SECRET is not"),
        ("PILOTHOUSE_LISTN", "127.0.0.1:1", "did you mean PILOTHOUSE_LISTEN?"),
    ] {
        assert_problem(load(&[(variable, value)]), expected);
    }
}

#[test]
fn the_variables_of_the_harness_server_count_or_are_named() {
    type Seen = fn(&Config) -> String;
    let honoured: [(&str, &str, Seen, &str); 24] = [
        ("HARNESS_API_KEY", "pat.a.b.c", |it| it.harness.api_key.is_some().to_string(), "true"),
        ("HARNESS_ACCOUNT_ID", "a", |it| it.harness.account_id.clone().unwrap(), "a"),
        (
            "HARNESS_BASE_URL",
            "https://h.example",
            |it| it.harness.base_url.to_string(),
            "https://h.example/",
        ),
        ("HARNESS_ORG", "o", |it| it.harness.org.clone(), "o"),
        ("HARNESS_PROJECT", "p", |it| it.harness.project.clone().unwrap(), "p"),
        ("HARNESS_DEFAULT_ORG_ID", "o", |it| it.harness.org.clone(), "o"),
        ("HARNESS_DEFAULT_PROJECT_ID", "p", |it| it.harness.project.clone().unwrap(), "p"),
        ("HARNESS_API_TIMEOUT_MS", "1500", |it| it.harness.timeout.as_millis().to_string(), "1500"),
        ("HARNESS_MAX_RETRIES", "5", |it| it.harness.max_retries.to_string(), "5"),
        ("HARNESS_RATE_LIMIT_RPS", "7", |it| it.harness.requests_per_second.to_string(), "7"),
        ("HARNESS_MAX_BODY_SIZE_MB", "2", |it| it.server.max_body_bytes.to_string(), "2097152"),
        ("MCP_SESSION_TTL_MS", "60000", |it| it.server.session_ttl.as_secs().to_string(), "60"),
        ("LOG_LEVEL", "debug", |it| it.log.filter.clone(), "debug"),
        ("HARNESS_TOOLSETS", "a,+b", |it| it.harness.toolsets.join(" "), "a +b"),
        ("HARNESS_READ_ONLY", "true", |it| it.harness.read_only.to_string(), "true"),
        (
            "HARNESS_SKIP_ELICITATION",
            "yes",
            |it| it.harness.auto_approve.as_str().to_owned(),
            "all",
        ),
        (
            "HARNESS_AUTO_APPROVE_RISK",
            "low_write",
            |it| it.harness.auto_approve.as_str().to_owned(),
            "low_write",
        ),
        ("HARNESS_ALLOW_HTTP", "1", |it| it.harness.allow_http.to_string(), "true"),
        ("HARNESS_MCP_ALLOWED_HOSTS", "a,b", |it| it.server.allowed_hosts.join(" "), "a b"),
        ("HARNESS_FME_API_KEY", "k", |it| it.harness.fme_api_key.is_some().to_string(), "true"),
        (
            "HARNESS_FME_BASE_URL",
            "https://f.example",
            |it| it.harness.fme_base_url.to_string(),
            "https://f.example/",
        ),
        (
            "HARNESS_AUDIT_FILE",
            "/log/audit",
            |it| it.harness.audit_file.clone().unwrap().display().to_string(),
            "/log/audit",
        ),
        (
            "HARNESS_MCP_AUTH_TOKEN",
            "0123456789abcdef",
            |it| it.harness.shared_token.is_some().to_string(),
            "true",
        ),
        ("PILOTHOUSE_MAX_BODY_BYTES", "2MiB", |it| it.server.max_body_bytes.to_string(), "2097152"),
    ];
    for (variable, value, seen, expected) in honoured {
        let config = load(&[(variable, value)]).unwrap();
        assert_eq!(seen(&config), expected, "{variable}");
        assert!(config.without_effect.is_empty(), "{variable}");
    }
    for (variable, instead) in FORGONE {
        assert!(!setting::known_variables().any(|known| known == variable), "{variable}");
        let told = load(&[(variable, "1")]).unwrap().without_effect;
        let expected =
            if variable.starts_with("HARNESS_") { vec![(variable, instead)] } else { vec![] };
        assert_eq!(told, expected, "{variable}");
    }
    assert_problem(
        load(&[("HARNESS_MAX_BODY_SIZE_MB", "0")]),
        "expected a size from 64KiB to 1GiB",
    );
    assert_problem(load(&[("MCP_SESSION_TTL_MS", "soon")]), "expected a duration");
    assert_problem(load(&[("HARNESS_MCP_AUTH_TOKEN", "short")]), "at least 16 characters");
}

#[test]
fn a_project_of_harness_is_in_the_organization_that_every_account_has() {
    let org = |environment: &[(&str, &str)]| load(environment).unwrap().harness.org;
    assert_eq!(org(&[]), "default");
    assert_eq!(org(&[("HARNESS_DEFAULT_PROJECT_ID", "shop")]), "default");
    assert_eq!(org(&[("HARNESS_PROJECT", "shop"), ("HARNESS_ORG", "sales")]), "sales");
}

#[test]
fn host_and_port_of_the_harness_server_say_where_to_listen() {
    let key = ("HARNESS_API_KEY", "pat.a.b.c");
    let all = [("PORT", "3000"), ("HOST", "127.0.0.2")];
    for (variables, expected) in [
        (vec![key, ("PORT", "3000")], "127.0.0.1:3000"),
        (vec![key, ("HOST", "::1")], "[::1]:7777"),
        (vec![key, all[0], all[1]], "127.0.0.2:3000"),
        (vec![key, ("HOST", "localhost"), ("PORT", "3001")], "127.0.0.1:3001"),
        (vec![key, ("HOST", "workstation"), ("PORT", "tcp://10.0.0.1:80")], "127.0.0.1:7777"),
        (vec![all[0], all[1]], "127.0.0.1:7777"),
        (vec![key, all[0], ("PILOTHOUSE_LISTEN", "127.0.0.1:1")], "127.0.0.1:1"),
    ] {
        let listen = load(&variables).unwrap().server.listen;
        assert_eq!(listen.to_string(), expected, "{variables:?}");
    }
    let open = [key, ("HOST", "0.0.0.0")];
    assert_problem(load(&open), "which other machines can reach without TLS");
}

#[test]
fn mistakes_in_the_file_are_named_with_the_file() {
    for (text, expected) in [
        ("[server]\nlisten = 7", "config.toml: server.listen is \"7\", expected an IP address"),
        ("[server]\nlissen = \"x\"", "server.lissen is not a setting; did you mean server.listen?"),
        ("listen = \"x\"", "listen is not a setting"),
        ("[server]\nallowed_hosts = [1]", "server.allowed_hosts is a list of something else"),
        ("[server.listen]\nport = 1", "server.listen is not a plain value"),
        ("[server", "config.toml: is not TOML"),
    ] {
        assert_problem(with_file(text, &[]), expected);
    }
    let missing = Arguments { file: Some("/nonexistent/config.toml".into()), flags: Vec::new() };
    assert_problem(load_with(&[], &missing), "/nonexistent/config.toml: cannot be read");
}

#[test]
fn a_configuration_file_has_a_largest_size() {
    let length = usize::try_from(MAX_FILE_BYTES).unwrap();
    let fits = format!("#{}", "x".repeat(length - 1));
    with_file(&fits, &[]).unwrap();
    assert_problem(with_file(&format!("{fits}x"), &[]), "is larger than 1048576 bytes");
}

#[test]
fn a_file_of_certificates_has_a_largest_size() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    let length = usize::try_from(certificate::MAX_CERTIFICATE_BYTES).unwrap();
    for variable in ["HARNESS_CA_FILE", "THARSIS_CA_FILE"] {
        let load = || load(&[(variable, file.to_str().unwrap())]);
        fs::write(&file, "x".repeat(length)).unwrap();
        load().unwrap();
        fs::write(&file, "x".repeat(length + 1)).unwrap();
        assert_problem(load(), "is larger than 1048576 bytes");
    }
}

#[test]
fn all_problems_are_reported_together() {
    let problems = load(&[
        ("PILOTHOUSE_LISTEN", "x"),
        ("PILOTHOUSE_LOG_FORMAT", "y"),
        ("HARNESS_RATE_LIMIT_RPS", "0"),
    ])
    .unwrap_err();
    assert_eq!(problems.0.len(), 3, "{problems}");
    assert_eq!(problems.to_string().lines().count(), 4);
}

#[test]
fn secrets_are_not_shown() {
    let password = "hunter2";
    let url = format!("mysql://ada:{password}@db");
    let problems = load(&[("PILOTHOUSE_DATABASE_URL", &url)]).unwrap_err();
    assert!(problems.to_string().contains("PILOTHOUSE_DATABASE_URL is set, expected sqlite://"));
    assert!(!problems.to_string().contains(password));

    let config = load(&[("HARNESS_API_KEY", password)]).unwrap();
    assert!(!format!("{config:?}").contains(password));
}

#[test]
fn older_names_still_work_and_an_empty_value_is_none() {
    let config = load(&[
        ("HARNESS_DEFAULT_ORG_ID", "old"),
        ("HARNESS_ORG", ""),
        ("LOG_LEVEL", "debug"),
        ("THARSIS_MCP_TOOLSETS", "run, job"),
        ("HARNESS_API_TIMEOUT_MS", "1500"),
    ])
    .unwrap();
    assert_eq!(config.harness.org, "old");
    assert_eq!(config.log.filter, "debug");
    assert_eq!(config.tharsis.toolsets, ["run", "job"]);
    assert_eq!(config.harness.timeout.as_millis(), 1500);
}

#[test]
fn skipping_elicitation_is_approving_everything() {
    let config = load(&[("HARNESS_SKIP_ELICITATION", "yes")]).unwrap();
    assert_eq!(config.harness.auto_approve, AutoApprove::All);
    assert_eq!(config.policy.auto_approve, AutoApprove::None);
}

#[test]
fn the_tour_is_private_whatever_is_configured() {
    let config = load(&[
        ("PILOTHOUSE_LISTEN", "0.0.0.0:80"),
        ("PILOTHOUSE_BEHIND_PROXY", "true"),
        ("PILOTHOUSE_ALLOWED_HOSTS", "ops.example.com"),
        ("PILOTHOUSE_AUTO_APPROVE", "all"),
        ("PILOTHOUSE_DATABASE_URL", "postgres://db/prod"),
        ("PILOTHOUSE_TERRAFORM", "/opt/tofu"),
        ("HARNESS_API_KEY", "pat.a.b.c"),
        ("HARNESS_FME_API_KEY", "k"),
        ("HARNESS_AUTO_APPROVE_RISK", "all"),
        ("HARNESS_MCP_AUTH_TOKEN", "0123456789abcdef"),
        ("HARNESS_AUDIT_FILE", "/log/audit"),
        ("THARSIS_ENDPOINT", "https://tharsis.example.com"),
        ("PILOTHOUSE_PUBLIC_URL", "https://ops.example.com"),
    ])
    .unwrap()
    .for_tour(Path::new("/tmp/tour"))
    .unwrap();
    let flags = vec![Flag::data(Path::new("/tmp/tour")), Flag::listen("127.0.0.1:0")];
    let mut nothing = load_with(&[], &Arguments { file: None, flags }).unwrap();
    nothing.terraform.binary = Some("/opt/tofu".into());
    assert_eq!(format!("{config:?}"), format!("{nothing:?}"));
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:0");
    assert_eq!(config.data.database_url.expose_secret(), "sqlite:///tmp/tour/pilothouse.db");
    assert_eq!(config.policy.revision(), Policy::default().revision());
}

#[test]
fn without_a_home_the_data_directory_must_be_given() {
    let environment = Environment::default();
    let places = Places { system: System::Linux, environment: &environment };
    let result = Config::load(&Arguments::default(), &places);
    assert_problem(result, "PILOTHOUSE_DATA is not set");
}

#[test]
fn documents_from_this_machine_are_for_servers_that_nobody_else_reaches() {
    let development = ("PILOTHOUSE_CLIENT_DOCUMENTS", "loopback");
    assert!(load(&[development]).is_ok());
    let proxied = [
        development,
        ("PILOTHOUSE_BEHIND_PROXY", "true"),
        ("PILOTHOUSE_ALLOWED_HOSTS", "ops.example.com"),
    ];
    assert_problem(load(&proxied), "which is for development");
    let published = [development, ("PILOTHOUSE_PUBLIC_URL", "https://ops.example.com")];
    assert_problem(load(&published), "which is for development");
    assert_problem(load(&[("PILOTHOUSE_CLIENT_DOCUMENTS", "all")]), "public, off or loopback");
}

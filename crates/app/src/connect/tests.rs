//! What each client's file looks like afterwards, and what is left alone.

use std::{collections::BTreeSet, fs};

use clap::{Parser, ValueEnum};

use super::*;
use crate::{
    cli::{Cli, Command},
    environment::Environment,
    place::System,
};

/// Runs `pilothouse connect <words>` for a user whose home is `home` and gives its output.
fn connected(home: &Path, words: &str) -> Result<(String, String), Error> {
    let environment = Environment::from([("HOME", home)]);
    let places = Places { system: System::Linux, environment: &environment };
    connected_with(places, words)
}

fn connected_with(places: Places<'_>, words: &str) -> Result<(String, String), Error> {
    let line = format!("pilothouse connect {words}");
    let cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
    let Command::Connect(arguments) = &cli.command else { panic!("{line}") };
    let machine = Machine { places, program: "/opt/pilothouse".into() };
    let mut out = Vec::new();
    let mut notes = anstream::StripStream::new(Vec::new());
    let mut streams = Streams { out: &mut out, notes: &mut notes };
    connect(arguments, &cli.global, &machine, &mut streams)?;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ok((text(out), text(notes.into_inner())))
}

/// Writes `before` to Cursor's file, connects, and gives the file afterwards.
fn merged(before: &str, words: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".cursor/mcp.json");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, before).unwrap();
    connected(home.path(), &format!("cursor --write {words}")).unwrap();
    fs::read_to_string(file).unwrap()
}

#[test]
fn the_harness_surface_brings_its_settings_but_not_its_key() {
    let environment = Environment::from([
        ("HOME", "/home/ada"),
        ("HARNESS_API_KEY", "pat.account.token.secret"),
        ("HARNESS_DEFAULT_PROJECT_ID", "shop"),
        ("HARNESS_BASE_URL", "http://harness.lan"),
        ("HARNESS_ALLOW_HTTP", "true"),
        ("HARNESS_API_TIMEOUT_MS", "1500"),
        ("HARNESS_FME_API_KEY", "fme-secret"),
        ("HARNESS_MCP_AUTH_TOKEN", "a shared secret of all"),
        ("HARNESS_AUTO_APPROVE_RISK", "all"),
        ("HARNESS_SKIP_ELICITATION", "true"),
    ]);
    let places = Places { system: System::Linux, environment: &environment };
    let mut all = String::new();
    for client in Client::value_variants() {
        let name = client.to_possible_value().unwrap().get_name().to_owned();
        let (out, notes) = connected_with(places, &format!("{name} --surface harness")).unwrap();
        let snippet: Value = serde_json::from_str(&out).unwrap();
        let entry = &snippet[client.servers_key()]["pilothouse-harness"];
        assert!(!out.contains("secret"), "{out}");
        let set: BTreeSet<_> =
            entry["env"].as_object().unwrap().keys().map(String::as_str).collect();
        let expected = BTreeSet::from([
            "HARNESS_ALLOW_HTTP",
            "HARNESS_API_KEY",
            "HARNESS_API_TIMEOUT_MS",
            "HARNESS_BASE_URL",
            "HARNESS_DEFAULT_PROJECT_ID",
            "HARNESS_FME_API_KEY",
        ]);
        assert_eq!(set, expected, "{name}");
        assert!(notes.contains("HARNESS_API_KEY"), "{notes}");
        let key = entry["env"]["HARNESS_API_KEY"].as_str().unwrap();
        all.extend([format!("{name}: {key}\n")]);
    }
    insta::assert_snapshot!("harness_keys", all);
}

#[test]
fn every_client_gets_its_own_form() {
    let mut all = String::new();
    for client in Client::value_variants() {
        let name = client.to_possible_value().unwrap().get_name().to_owned();
        let url = "--url http://127.0.0.1:7777/mcp";
        all.extend(["--surface tharsis", url, &format!("{url} --token")].map(|words| {
            let answer = match connected(Path::new("/home/ada"), &format!("{name} {words}")) {
                Ok((out, notes)) => format!("{notes}{out}"),
                Err(error) => format!("error: {error}\n"),
            };
            format!("$ pilothouse connect {name} {words}\n{answer}\n")
        }));
    }
    insta::assert_snapshot!("clients", all);
}

#[test]
fn files_lie_where_each_system_keeps_them() {
    let unix = Environment::from([("HOME", "/home/ada")]);
    let windows = Environment::from([("USERPROFILE", "C:/ada"), ("APPDATA", "C:/ada/Roaming")]);
    let mut all = String::new();
    for (system, environment) in
        [(System::Linux, &unix), (System::Mac, &unix), (System::Windows, &windows)]
    {
        all.extend(Client::value_variants().iter().map(|client| {
            let file = client.file(&Places { system, environment }).unwrap();
            format!("{system:?}: {} {}\n", client.title(), file.display())
        }));
    }
    insta::assert_snapshot!("files", all);
}

#[test]
fn a_new_file_is_the_snippet() {
    let home = tempfile::tempdir().unwrap();
    let (snippet, _) = connected(home.path(), "cursor").unwrap();
    let (_, notes) = connected(home.path(), "cursor --write").unwrap();
    let written = fs::read_to_string(home.path().join(".cursor/mcp.json")).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&written).unwrap(),
        serde_json::from_str::<Value>(&snippet).unwrap()
    );
    assert!(notes.starts_with("Wrote "), "{notes}");
    assert!(!notes.contains("before"), "nothing was there to back up: {notes}");
}

#[test]
fn everything_else_in_the_file_stays() {
    let before = r#"{
  // the team's servers
  "mcpServers": {
    "other": { "command": "x", }, // keep
  },
  "theme":   "dark"
}
"#;
    insta::assert_snapshot!("merged", merged(before, ""));
    for empty in ["", "{}", "  \n", "{\"mcpServers\": {}}"] {
        let text = merged(empty, "");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["mcpServers"]["pilothouse"]["command"], "/opt/pilothouse", "{text}");
    }
}

#[test]
fn an_entry_of_ours_is_updated_in_place() {
    let before = r#"{"mcpServers": {"pilothouse": {
        "command": "/old/pilothouse", "args": ["stdio"], "disabled": true, "env": {"A": "b"}}}}"#;
    let value: Value = serde_json::from_str(&merged(before, "")).unwrap();
    let entry = &value["mcpServers"]["pilothouse"];
    assert_eq!(entry["command"], "/opt/pilothouse");
    assert_eq!(entry["disabled"], true, "the user's own switch stays");

    let value: Value =
        serde_json::from_str(&merged(before, "--url http://127.0.0.1:7777/mcp")).unwrap();
    let entry = &value["mcpServers"]["pilothouse"];
    assert_eq!(entry["url"], "http://127.0.0.1:7777/mcp");
    assert!(entry.get("command").is_none() && entry.get("args").is_none(), "{entry}");
    assert_eq!(entry["disabled"], true);
}

#[test]
fn writing_twice_changes_nothing_and_the_first_write_is_backed_up() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".cursor/mcp.json");
    let backup = home.path().join(".cursor/mcp.json.before-pilothouse");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "{\"a\": 1}").unwrap();

    connected(home.path(), "cursor --write").unwrap();
    assert_eq!(fs::read_to_string(&backup).unwrap(), "{\"a\": 1}");
    let after = fs::read_to_string(&file).unwrap();

    let (_, notes) = connected(home.path(), "cursor --write").unwrap();
    assert!(notes.contains("is up to date"), "{notes}");
    connected(home.path(), "cursor --surface tharsis --name pilothouse --write").unwrap();
    assert_eq!(fs::read_to_string(&backup).unwrap(), "{\"a\": 1}", "not our own first version");
    connected(home.path(), "cursor --write").unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), after);
    assert_eq!(fs::read_to_string(&backup).unwrap(), "{\"a\": 1}");
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 2, "nothing is left over");
}

#[test]
fn a_file_that_is_not_understood_is_left_alone() {
    for (text, expected) in [
        ("{\"mcpServers\": ", "is not JSON"),
        ("[1]", "is not a JSON object"),
        ("{\"mcpServers\": 7}", "something else than an object under \"mcpServers\""),
    ] {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(".kiro/settings/mcp.json");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        let error = connected(home.path(), "kiro --write").unwrap_err();
        assert!(error.message.contains(expected), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let file = fs::File::create(home.path().join(".claude.json")).unwrap();
    file.set_len(MAX_FILE_BYTES + 1).unwrap();
    let error = connected(home.path(), "claude-code --write").unwrap_err();
    assert!(error.message.contains("larger than 16777216 bytes"), "{error}");
}

#[cfg(unix)]
#[test]
fn links_and_permissions_survive() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let home = tempfile::tempdir().unwrap();
    let real = home.path().join("dotfiles.json");
    fs::write(&real, "{}").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&real, home.path().join(".claude.json")).unwrap();

    connected(home.path(), "claude-code --write").unwrap();
    assert!(fs::symlink_metadata(home.path().join(".claude.json")).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("/opt/pilothouse"));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn the_terraform_program_of_the_users_shell_is_named() {
    let bin = tempfile::tempdir().unwrap();
    let tofu = bin.path().join(format!("tofu{}", std::env::consts::EXE_SUFFIX));
    fs::write(&tofu, "").unwrap();
    let environment = Environment::from([("HOME", Path::new("/home/ada")), ("PATH", bin.path())]);
    let places = Places { system: System::Linux, environment: &environment };
    let (out, _) = connected_with(places, "cursor").unwrap();
    let value: Value = serde_json::from_str(&out).unwrap();
    let variables = &value["mcpServers"]["pilothouse"]["env"];
    assert_eq!(variables["PILOTHOUSE_TERRAFORM"], tofu.to_str().unwrap());
}

#[test]
fn names_and_directories_reach_the_entry() {
    let home = Path::new("/home/ada");
    let (out, _) =
        connected(home, "cursor --surface tharsis --data /srv/state --name ops").unwrap();
    let value: Value = serde_json::from_str(&out).unwrap();
    let arguments = serde_json::json!(["stdio", "--surface", "tharsis", "--data", "/srv/state"]);
    assert_eq!(value["mcpServers"]["ops"]["args"], arguments);

    let (out, _) = connected(home, "cursor --surface tharsis").unwrap();
    assert!(out.contains("\"pilothouse-tharsis\""), "{out}");
}

#[test]
fn nothing_is_written_that_could_not_start() {
    for (surface, served) in [
        ("unified", true),
        ("tharsis", true),
        ("harness", true),
        ("mctl", false),
        ("thanos", false),
    ] {
        let found = connected(Path::new("/home/ada"), &format!("cursor --surface {surface}"));
        assert_eq!(found.is_ok(), served, "{surface}");
        if let Err(error) = found {
            assert!(error.to_string().contains("serves unified, harness, tharsis"), "{error}");
        }
    }
}

//! What can be typed, and what it means.

use clap::{CommandFactory, ValueEnum};

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_declaration_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn lines_that_the_design_promises_are_understood() {
    for line in [
        "pilothouse serve --listen 127.0.0.1:0 --data d --config c.toml",
        "pilothouse --data d serve",
        "pilothouse stdio --surface harness",
        "pilothouse stdio --space s1",
        "pilothouse tour --keep",
        "pilothouse connect claude-code --write",
        "pilothouse connect q --url http://127.0.0.1:7777/mcp",
        "pilothouse doctor --json",
        "pilothouse health",
        "pilothouse login --url https://ops.example.com --no-browser",
        "pilothouse logout",
        "pilothouse whoami --json",
        "pilothouse runs list --workspace acme/network -n 5 --json",
        "pilothouse runs show R --json",
        "pilothouse runs logs -f R",
        "pilothouse approvals list --all",
        "pilothouse approvals approve A --note ok",
        "pilothouse approvals deny A",
        "pilothouse audit --tool infra_get --limit 1000",
        "pilothouse accounts create jo --admin",
        "pilothouse accounts disable jo",
        "pilothouse accounts service list --json",
        "pilothouse accounts service create acme/ci --days 30 --json",
        "pilothouse accounts service create acme/ci --issuer https://i.example --claim sub=x",
        "pilothouse accounts service rotate acme/ci",
        "pilothouse accounts service disable acme/ci",
        "pilothouse accounts service enable acme/ci",
        "pilothouse accounts service delete acme/ci",
        "pilothouse clients create ci --scope tharsis:write --json",
        "pilothouse tokens list --all --json",
        "pilothouse tokens revoke ID",
        "pilothouse secrets rotate-key",
        "pilothouse secrets seal",
        "pilothouse accounts link jo --issuer https://github.com --subject 1",
        "pilothouse accounts unlink jo",
        "pilothouse teams create ops --description x",
        "pilothouse teams add ops user:jo",
        "pilothouse teams remove ops user:jo",
        "pilothouse teams delete ops",
        "pilothouse teams list --json",
        "pilothouse policy schema",
        "pilothouse policy check policies/production.cedar",
        "pilothouse policy test policies",
        "pilothouse completions zsh",
    ] {
        assert!(parse(line).is_ok(), "{line}: {}", parse(line).err().unwrap());
    }
}

#[test]
fn mistakes_are_usage_errors() {
    for line in [
        "pilothouse",
        "pilothouse stdio --surface s3",
        "pilothouse stdio --surface harness --space s1",
        "pilothouse connect emacs",
        "pilothouse connect q --url not-a-url",
        "pilothouse connect q --url http://h/mcp --surface tharsis",
        "pilothouse accounts service create acme/ci --issuer https://i.example",
        "pilothouse accounts service create acme/ci --claim sub=x",
        "pilothouse serve --port 3000 --listen 127.0.0.1:3000",
        "pilothouse accounts service rotate acme/ci --days 91",
        "pilothouse runs list -n 0",
        "pilothouse runs list -n 1001",
        "pilothouse approvals approve",
    ] {
        let error = parse(line).expect_err(line);
        assert_eq!(error.exit_code(), i32::from(crate::exit::Exit::Usage.code()), "{line}");
    }
}

#[test]
fn flags_become_settings() {
    let cli = parse("pilothouse serve --listen 127.0.0.1:0 --data d --config c.toml").unwrap();
    let arguments = cli.configuration();
    assert_eq!(arguments.file, Some("c.toml".into()));
    let flags: Vec<_> =
        arguments.flags.iter().map(|flag| (flag.name, flag.key, flag.value.as_str())).collect();
    assert_eq!(
        flags,
        [("--data", "data.directory", "d"), ("--listen", "server.listen", "127.0.0.1:0")]
    );
    let port = parse("pilothouse serve --port 3000").unwrap().configuration().flags;
    assert_eq!((port[0].key, port[0].value.as_str()), ("server.listen", "127.0.0.1:3000"));
}

#[test]
fn a_surface_is_written_as_it_is_typed() {
    for surface in Surface::value_variants() {
        assert_eq!(surface.to_possible_value().unwrap().get_name(), surface.as_str());
    }
}

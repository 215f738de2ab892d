//! The scene at the start: a shop with two pipelines. Its last deployment failed, because somebody
//! wrote the letter O into the number of the release.

use pilothouse_model::Timestamp;
use serde_json::{Value, json};

use super::{
    ORG, PROJECT,
    execution::{Execution, Outcome},
    flag, gitops,
    pipeline::stated,
    state::{Item, State},
};

/// Releases that are in the registry.
pub(super) const IMAGES: [&str; 3] = ["1.3.0", "1.3.1", "1.4.0"];
/// What a build makes of whatever code.
pub(super) const BUILT: &str = "1.4.0";
/// What was deployed instead of the last one.
const MISTAKE: &str = "1.4.O";

const HOUR: i64 = 3_600_000;

const PIPELINES: [(&str, &str); 2] =
    [("deploy_shop", "Deploy shop"), ("nightly_tests", "Nightly tests")];

/// The full name of an image of the shop.
pub(super) fn image(tag: &str) -> String {
    format!("registry.example/shop:{tag}")
}

pub(super) fn title(pipeline: &str) -> &str {
    PIPELINES.iter().find(|(id, _)| *id == pipeline).map_or(pipeline, |(_, title)| title)
}

/// The values a run of the deployment asks for, or was given.
pub(super) fn inputs(tag: &str) -> String {
    format!(
        "pipeline:\n  identifier: deploy_shop\n  variables:\n    - name: version\n      type: String\n      \
         value: {tag}\n"
    )
}

/// What a run of a pipeline that builds code asks for: what to build.
pub(super) fn build_inputs(pipeline: &str) -> String {
    format!(
        "pipeline:\n  identifier: {pipeline}\n  properties:\n    ci:\n      codebase:\n        \
         build: <+input>\n"
    )
}

/// Whether a run of the pipeline asks what to build.
pub(super) fn asks_for_source(yaml: &str) -> bool {
    yaml.contains("codebase:") && yaml.contains("build: <+input>")
}

/// The branch, tag, pull request or commit that a run's inputs name.
pub(super) fn source_in(inputs: &str) -> Option<String> {
    let build = &inputs[inputs.find("build:")?..];
    ["branch", "tag", "number", "commitSha"].iter().find_map(|key| stated(build, key))
}

/// The same values, kept under a name.
fn input_set(tag: &str) -> String {
    let inputs = inputs(tag).replace('\n', "\n  ");
    format!("inputSet:\n  name: Release\n  identifier: release\n  {}\n", inputs.trim_end())
}

/// The release that a run's inputs name.
pub(super) fn tag_in(inputs: &str) -> Option<String> {
    let mut rest = inputs.split("version").skip(1);
    rest.find_map(|text| {
        let (_, value) = text.split_once("value")?;
        let value = value.trim_start_matches(['"', '\'', ':', ' ']);
        let end = value.find(['"', '\'', '\n', ',', '}', ' ']).unwrap_or(value.len());
        let tag = &value[..end];
        (!tag.is_empty() && !tag.starts_with("<+")).then(|| tag.to_owned())
    })
}

/// The stages of every pipeline.
const STAGES: &str = include_str!("../../practice/pipeline.yaml");

fn yaml(id: &str, title: &str) -> String {
    let asked = match id {
        "deploy_shop" => {
            "  variables:\n    - name: version\n      type: String\n      required: true\n      value: <+input>\n"
        }
        "nightly_tests" => {
            "  properties:\n    ci:\n      codebase:\n        connectorRef: git\n        \
             repoName: shop\n        build: <+input>\n"
        }
        _ => "",
    };
    [("TITLE", title), ("IDENTIFIER", id), ("ORG", ORG), ("PROJECT", PROJECT)]
        .into_iter()
        .fold(STAGES.to_owned(), |text, (name, value)| text.replace(name, value))
        .replace("  stages:\n", &format!("{asked}  stages:\n"))
}

pub(super) fn shop() -> State {
    let mut state = State::default();
    let mut put = |kind, org: &str, project: &str, id: &str, body: Value| {
        let (org, project, id) = (org.to_owned(), project.to_owned(), id.to_owned());
        state.put(kind, Item { org, project, id, body });
    };
    put("organization", "", "", ORG, json!({ "identifier": ORG, "name": "Default" }));
    for (id, name) in [(PROJECT, "Shop"), ("billing", "Billing")] {
        let body = json!({ "identifier": id, "name": name, "orgIdentifier": ORG,
                           "color": "#0063f7", "modules": ["CD", "CI"] });
        put("project", ORG, "", id, body);
    }
    for (id, title) in PIPELINES {
        put("pipeline", ORG, PROJECT, id, json!({ "name": title, "yaml": yaml(id, title) }));
    }
    for (kind, id, name, more) in things() {
        let mut body = json!({ "identifier": id, "name": name, "orgIdentifier": ORG,
                               "projectIdentifier": PROJECT });
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        put(kind, ORG, PROJECT, id, body);
    }
    for (name, healthy) in [("shop", true), ("shop-worker", false)] {
        put(gitops::KIND, ORG, PROJECT, name, gitops::application("east", name, healthy));
    }
    history(&mut state);
    state
}

/// What the project has besides pipelines: kind, identifier, name and fields of its own.
fn things() -> [(&'static str, &'static str, &'static str, Value); 9] {
    [
        (
            "connector",
            "registry",
            "Image registry",
            json!({ "type": "DockerRegistry", "spec": { "dockerRegistryUrl": "https://registry.example" } }),
        ),
        (
            "connector",
            "git",
            "Git",
            json!({ "type": "Github", "spec": { "url": "https://git.example/shop" } }),
        ),
        ("service", "shop", "Shop", json!({ "serviceDefinition": "Kubernetes" })),
        ("environment", "production", "Production", json!({ "type": "Production" })),
        ("environment", "staging", "Staging", json!({ "type": "PreProduction" })),
        (
            "infrastructure",
            "cluster",
            "Cluster",
            json!({ "type": "KubernetesDirect", "environmentRef": "production" }),
        ),
        (
            "secret",
            "registry_password",
            "Registry password",
            json!({ "type": "SecretText", "spec": { "secretManagerIdentifier": "harnessSecretManager", "valueType": "Inline", "value": null } }),
        ),
        (
            "input_set",
            "release",
            "Release",
            json!({ "pipelineIdentifier": "deploy_shop", "inputSetYaml": input_set("1.4.0") }),
        ),
        (
            flag::KIND,
            "new_checkout",
            "New checkout",
            json!({ "kind": "boolean", "envProperties": { "state": "off" } }),
        ),
    ]
}

/// Two good deployments and the one that failed.
fn history(state: &mut State) {
    let now = Timestamp::now().0;
    for (index, (tag, outcome)) in
        [("1.3.0", Outcome::Success), ("1.3.1", Outcome::Success), (MISTAKE, Outcome::Failed)]
            .into_iter()
            .enumerate()
    {
        let number = index + 1;
        let hours_ago = i64::try_from(3 - index).unwrap_or(1);
        let run = Execution {
            id: format!("deploy_shop-run-{number}"),
            org: ORG.into(),
            project: PROJECT.into(),
            pipeline: "deploy_shop".into(),
            number,
            started: Timestamp(now - hours_ago * HOUR),
            inputs: inputs(tag),
            tag: tag.into(),
            outcome,
            looks_left: 0,
            child: None,
            parent: None,
        };
        run.write_logs(state);
        state.executions.push(run);
    }
}

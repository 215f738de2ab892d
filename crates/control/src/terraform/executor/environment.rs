//! The environment in which Terraform runs: only what is listed here, nothing inherited but
//! `PATH`, so that no credential of the server reaches a configuration by accident.

use std::{collections::BTreeMap, ffi::OsString};

use pilothouse_model::Error;

use super::{Category, Executor, Job, directory::Layout, steering, variable};

/// A longer value would make starting a program fail; it reaches Terraform in a file only.
const MAX_VALUE_BYTES: usize = 64 * 1024;
/// What all `TF_VAR_…` may take together, well below what an operating system allows.
const MAX_VARIABLE_BYTES: usize = 512 * 1024;

/// The environment, and the names of what the run set in vain.
pub(super) type Environment = (Vec<(OsString, OsString)>, Vec<String>);

/// Later entries are stronger: the operator's, the `TF_VAR_…` of the run, its environment
/// variables, what the job adds, and what the executor needs.
pub(super) fn environment(
    executor: &Executor,
    job: &Job,
    layout: &Layout,
) -> Result<Environment, Error> {
    let mut merged: BTreeMap<String, OsString> = BTreeMap::new();
    let mut ignored = Vec::new();
    let of_operator = owned(&executor.settings.environment);
    merged.extend(of_operator.filter(|(name, _)| !steering::is_reserved(name)));
    merged.extend(terraform_variables(job));
    for variable in job.variables.iter().filter(|v| v.category == Category::Environment) {
        check(&variable.key, &variable.value)?;
        if steering::is_reserved(&variable.key) {
            ignored.push(variable.key.clone());
        } else {
            merged.insert(variable.key.clone(), variable.value.clone().into());
        }
    }
    merged.extend(owned(&job.environment));
    merged.extend(fixed(executor, layout));
    Ok((merged.into_iter().map(|(name, value)| (name.into(), value)).collect(), ignored))
}

fn owned(pairs: &[(String, String)]) -> impl Iterator<Item = (String, OsString)> {
    pairs.iter().map(|(name, value)| (name.clone(), value.into()))
}

fn terraform_variables(job: &Job) -> BTreeMap<String, OsString> {
    let mut room = MAX_VARIABLE_BYTES;
    let mut set = BTreeMap::new();
    for variable in variable::terraform_variables(&job.variables) {
        let bytes = variable.key.len() + variable.value.len();
        let fits = variable.value.len() <= MAX_VALUE_BYTES && bytes <= room;
        if fits && check(&variable.key, &variable.value).is_ok() {
            room -= bytes;
            set.insert(format!("TF_VAR_{}", variable.key), variable.value.clone().into());
        }
    }
    set
}

fn fixed(executor: &Executor, layout: &Layout) -> Vec<(String, OsString)> {
    let settings = &executor.settings;
    let mut fixed: Vec<(&str, OsString)> = vec![
        ("PATH", executor.binary.search_path.clone()),
        ("HOME", layout.home().into()),
        ("TMPDIR", layout.temporary().into()),
        ("TF_IN_AUTOMATION", "1".into()),
        ("TF_INPUT", "0".into()),
        ("CHECKPOINT_DISABLE", "1".into()),
    ];
    if settings.plugin_cache.is_some() {
        // Without it the cache is of no use to an upload that brings no lock file.
        fixed.push(("TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE", "true".into()));
    }
    let optional = [
        ("TF_PLUGIN_CACHE_DIR", &settings.plugin_cache),
        ("TF_CLI_CONFIG_FILE", &settings.cli_config),
    ];
    fixed
        .extend(optional.into_iter().filter_map(|(name, path)| Some((name, path.clone()?.into()))));
    fixed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Whether an operating system can hold it.
fn check(name: &str, value: &str) -> Result<(), Error> {
    if name.is_empty() || name.contains(['=', '\0']) {
        let message = format!("{name:?} cannot be the name of an environment variable");
        return Err(Error::invalid(message).hint("names have no \"=\" and no NUL"));
    }
    if value.contains('\0') {
        let message = format!("the value of the environment variable {name} holds a NUL");
        return Err(Error::invalid(message));
    }
    if value.len() > MAX_VALUE_BYTES {
        return Err(Error::invalid(format!(
            "the value of the environment variable {name} is longer than {MAX_VALUE_BYTES} bytes"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, time::Duration};

    use super::{
        super::{Binary, Options, Product, Settings, Variable, Version},
        *,
    };

    fn job(variables: &[(Category, &str, &str)]) -> Job {
        let variable = |&(category, key, value): &(Category, &str, &str)| Variable {
            category,
            key: key.to_owned(),
            value: value.to_owned(),
            sensitive: false,
        };
        Job {
            directory: PathBuf::from("/job"),
            configuration: PathBuf::new(),
            state: None,
            plan_file: None,
            variables: variables.iter().map(variable).collect(),
            versions: BTreeMap::new(),
            options: Options::default(),
            environment: vec![("THARSIS_GROUP_PATH".to_owned(), "acme".to_owned())],
            timeout: Duration::ZERO,
        }
    }

    fn built(
        variables: &[(Category, &str, &str)],
    ) -> Result<(BTreeMap<String, String>, Vec<String>), String> {
        let binary = Binary {
            path: PathBuf::new(),
            product: Product::Terraform,
            version: Version(1, 11, 4),
            search_path: "/bin".into(),
        };
        let environment_of_operator = [("HTTPS_PROXY", "http://proxy"), ("HOME", "/root")];
        let settings = Settings {
            plugin_cache: Some("/cache".into()),
            environment: environment_of_operator
                .map(|(n, v)| (n.to_owned(), v.to_owned()))
                .to_vec(),
            ..Settings::default()
        };
        let (job, layout) = (job(variables), Layout::at("/job".into()));
        environment(&Executor { binary, settings }, &job, &layout)
            .map(|(set, ignored)| {
                let text = |text: OsString| text.into_string().unwrap();
                (set.into_iter().map(|(name, value)| (text(name), text(value))).collect(), ignored)
            })
            .map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_there_that_is_not_listed() {
        let (set, _) = built(&[]).unwrap();
        let set: Vec<_> = set.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            set,
            [
                "CHECKPOINT_DISABLE=1",
                "HOME=/job/home",
                "HTTPS_PROXY=http://proxy",
                "PATH=/bin",
                "TF_INPUT=0",
                "TF_IN_AUTOMATION=1",
                "TF_PLUGIN_CACHE_DIR=/cache",
                "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE=true",
                "THARSIS_GROUP_PATH=acme",
                "TMPDIR=/job/tmp",
            ]
        );
    }

    #[test]
    fn a_run_sets_what_the_job_does_not_depend_on() {
        let (set, ignored) = built(&[
            (Category::Environment, "AWS_REGION", "eu-west-1"),
            (Category::Environment, "TF_WORKSPACE", "other"),
            (Category::Environment, "PATH", "/evil"),
            (Category::Environment, "LD_PRELOAD", "/evil.so"),
            (Category::Environment, "THARSIS_GROUP_PATH", "forged"),
            (Category::Terraform, "size", "3"),
        ])
        .unwrap();
        assert_eq!(ignored, ["TF_WORKSPACE", "PATH", "LD_PRELOAD", "THARSIS_GROUP_PATH"]);
        for (name, expected) in [
            ("AWS_REGION", Some("eu-west-1")),
            ("TF_WORKSPACE", None),
            ("PATH", Some("/bin")),
            ("LD_PRELOAD", None),
            ("THARSIS_GROUP_PATH", Some("acme")),
            ("TF_VAR_size", Some("3")),
            ("size", None),
        ] {
            assert_eq!(set.get(name).map(String::as_str), expected, "{name}");
        }
    }

    #[test]
    fn what_no_program_could_be_given_is_refused_or_left_to_a_file() {
        let long = "x".repeat(MAX_VALUE_BYTES + 1);
        for (name, value, expected) in [
            ("", "x", "cannot be the name"),
            ("A=B", "x", "cannot be the name"),
            ("A", "x\0", "holds a NUL"),
            ("A", long.as_str(), "is longer than"),
        ] {
            let message = built(&[(Category::Environment, name, value)]).unwrap_err();
            assert!(message.contains(expected), "{name:?}: {message}");
            let (set, _) = built(&[(Category::Terraform, name, value)]).unwrap();
            assert!(!set.keys().any(|name| name.starts_with("TF_VAR_")), "{name:?}");
        }
        let large = "x".repeat(MAX_VALUE_BYTES);
        let names: Vec<String> = (0..12).map(|number| format!("v{number}")).collect();
        let variables: Vec<_> =
            names.iter().map(|name| (Category::Terraform, name.as_str(), large.as_str())).collect();
        let (set, _) = built(&variables).unwrap();
        assert_eq!(set.keys().filter(|name| name.starts_with("TF_VAR_")).count(), 7);
    }
}

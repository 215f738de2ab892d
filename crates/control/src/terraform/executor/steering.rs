//! Environment variables that would steer Terraform, or whatever loads programs, past what the
//! platform decided. A run may not set them.

/// Names that begin like this.
const PREFIXES: [&str; 3] = ["TF_CLI_ARGS", "LD_", "DYLD_"];

const NAMES: [&str; 17] = [
    "CHECKPOINT_DISABLE",
    "GLIBC_TUNABLES",
    "HOME",
    "PATH",
    "TERRAFORM_CONFIG",
    "TF_CLI_CONFIG_FILE",
    "TF_DATA_DIR",
    "TF_INPUT",
    "TF_IN_AUTOMATION",
    "TF_LOG_PATH",
    "TF_PLUGIN_CACHE_DIR",
    "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE",
    "TF_REATTACH_PROVIDERS",
    "TF_TEMP_LOG_PATH",
    "TF_WORKSPACE",
    "THARSIS_GROUP_PATH",
    "TMPDIR",
];

/// Why, for messages.
pub(crate) const RULE: &str = "it steers how Terraform is run, which the platform decides";

/// Whether this name is not for runs.
pub(crate) fn is_reserved(name: &str) -> bool {
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_configuration_or_provider_reads_is_free() {
        for (name, reserved) in [
            ("TF_CLI_ARGS", true),
            ("TF_CLI_ARGS_plan", true),
            ("LD_PRELOAD", true),
            ("DYLD_INSERT_LIBRARIES", true),
            ("PATH", true),
            ("TF_REATTACH_PROVIDERS", true),
            ("TF_LOG_PATH", true),
            ("TF_LOG", false),
            ("TF_VAR_size", false),
            ("AWS_REGION", false),
            ("LDAP_URL", false),
        ] {
            assert_eq!(is_reserved(name), reserved, "{name}");
        }
    }
}

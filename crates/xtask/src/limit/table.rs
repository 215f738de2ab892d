//! What the product accepts at most: one row per input, with the code that bounds it and the test
//! that exceeds it. Rows only, which is why the file may be long; what is made of them is said in the
//! parent module.

use super::Limit;

const fn limit(
    what: &'static str,
    file: &'static str,
    name: &'static str,
    test: &'static str,
) -> Limit {
    Limit { what, source: (file, name), test }
}

const DEFAULTS: &str = "crates/app/src/config/defaults.toml";
const SERVE: &str = "crates/gateway/src/mcp/serve.rs";
const MESSAGE: &str = "crates/gateway/src/mcp/message.rs";
const SESSION: &str = "crates/gateway/src/mcp/session/table.rs";
const ARCHIVE: &str = "crates/control/src/terraform/executor/archive.rs";
const PLATFORM: &str = "crates/control/src/terraform/limit.rs";
const FEDERATION: &str = "crates/access/src/federation.rs";
const CLIENT: &str = "crates/access/src/oauth/client.rs";
const DOCUMENT: &str = "crates/access/src/oauth/document.rs";
const GITHUB: &str = "crates/access/src/github.rs";
const TENANT: &str = "crates/access/src/github/tenant.rs";
const TEAM: &str = "crates/store/src/access/team.rs";
const POLICIES: &str = "crates/access/src/cedar/file.rs";
const UPLOAD: &str = "crates/connectors/src/tharsis/archive.rs";

pub static LIMITS: [Limit; 88] = [
    limit("Bytes of a request's headers", SERVE, "header_bytes", "oversized_headers_are_refused"),
    limit("Headers of an HTTP/1.1 request", SERVE, "headers", "too_many_headers_are_refused"),
    limit("Open connections", SERVE, "connections", "connections_are_bounded_and_the_rest_wait"),
    limit(
        "Bytes of an MCP message (`PILOTHOUSE_MAX_BODY_BYTES`)",
        MESSAGE,
        "message_bytes",
        "bodies_are_bounded_in_bytes_and_depth_and_must_be_json",
    ),
    limit(
        "Nested arrays and objects of an MCP message",
        MESSAGE,
        "json_depth",
        "bodies_are_bounded_in_bytes_and_depth_and_must_be_json",
    ),
    limit(
        "Requests of one session in progress",
        MESSAGE,
        "requests_in_progress",
        "requests_in_progress_are_bounded",
    ),
    limit(
        "Requests of one principal in progress at one endpoint",
        MESSAGE,
        "requests_of_principal",
        "requests_of_one_principal_are_bounded_without_a_session",
    ),
    limit(
        "Sessions of one endpoint",
        SESSION,
        "max",
        "sessions_are_bounded_and_the_oldest_gives_way",
    ),
    limit(
        "Sessions of one principal",
        SESSION,
        "per_principal",
        "one_principal_pushes_out_only_itself",
    ),
    limit(
        "Bytes of a tool's result, before it is cut",
        "crates/gateway/src/shape.rs",
        "MAX_RESULT",
        "large_results_are_cut_and_say_so",
    ),
    limit(
        "Seconds of one `infra_wait`",
        "crates/gateway/src/verb/wait.rs",
        "MAX_SECONDS",
        "wrong_arguments_are_explained",
    ),
    limit(
        "Types of one `infra_search`",
        "crates/gateway/src/verb/search.rs",
        "MAX_TYPES",
        "wrong_arguments_are_explained",
    ),
    limit(
        "Files of an upload over MCP",
        UPLOAD,
        "MAX_FILES",
        "limits_are_enforced_in_both_directions",
    ),
    limit(
        "Bytes of an upload over MCP",
        UPLOAD,
        "MAX_BYTES",
        "limits_are_enforced_in_both_directions",
    ),
    limit(
        "Bytes of a configuration archive",
        "crates/control/src/terraform/config.rs",
        "upload_limit",
        "an_upload_larger_than_the_limit_is_cut_off",
    ),
    limit("Bytes that an archive unpacks to", ARCHIVE, "unpacked_bytes", "every_limit_holds"),
    limit("Files and folders of an archive", ARCHIVE, "entries", "every_limit_holds"),
    limit("Bytes of a name in an archive", ARCHIVE, "path_bytes", "every_limit_holds"),
    limit(
        "Bytes of one part of a name in an archive",
        ARCHIVE,
        "component_bytes",
        "every_limit_holds",
    ),
    limit("Folders above a file of an archive", ARCHIVE, "depth", "every_limit_holds"),
    limit(
        "Bytes of a job's log",
        "crates/store/src/terraform/job_log.rs",
        "MAX_LOG_BYTES",
        "a_log_has_limits",
    ),
    limit("Characters of a name", PLATFORM, "NAME", "names_follow_the_rule"),
    limit(
        "Characters of a description",
        PLATFORM,
        "DESCRIPTION",
        "descriptions_and_targets_are_bounded",
    ),
    limit("Labels of a workspace", PLATFORM, "LABELS", "labels_are_bounded"),
    limit("Bytes of a variable's key", PLATFORM, "VARIABLE_KEY", "keys_and_values"),
    limit("Bytes of a variable's value", PLATFORM, "VARIABLE_VALUE", "keys_and_values"),
    limit("Targets of a run", PLATFORM, "TARGETS", "descriptions_and_targets_are_bounded"),
    limit(
        "Bytes of what a managed identity stands for",
        PLATFORM,
        "IDENTITY_DATA",
        "what_nothing_would_heed_is_refused",
    ),
    limit("Groups above a workspace", PLATFORM, "GROUP_TREE_DEPTH", "a_tree_has_a_depth"),
    limit(
        "Runs of a workspace in an hour",
        PLATFORM,
        "RUNS_PER_WORKSPACE",
        "runs_per_hour_have_a_limit",
    ),
    limit(
        "Bytes of a state that comes through the API",
        PLATFORM,
        "STATE",
        "a_state_that_somebody_brings_continues_the_current_one",
    ),
    limit(
        "Bytes of a JSON body of the platform's REST",
        PLATFORM,
        "JSON_BODY",
        "bodies_have_a_limit",
    ),
    limit(
        "Rows of a page",
        "crates/store/src/terraform/page.rs",
        "MAX_PAGE",
        "nonsense_is_refused",
    ),
    limit(
        "Bytes of a cursor",
        "crates/control/src/terraform/api/cursor.rs",
        "MAX_CURSOR",
        "nonsense_is_refused",
    ),
    limit(
        "Bytes of a platform's answer",
        "crates/connectors/src/transport.rs",
        "max_response_bytes",
        "the_size_limit_counts_what_comes_out_of_compression",
    ),
    limit(
        "Bytes of the configuration file",
        "crates/app/src/config/layer.rs",
        "MAX_FILE_BYTES",
        "a_configuration_file_has_a_largest_size",
    ),
    limit(
        "Bytes of a file of certificate authorities",
        "crates/app/src/config/certificate.rs",
        "MAX_CERTIFICATE_BYTES",
        "a_file_of_certificates_has_a_largest_size",
    ),
    limit(
        "Bytes of lines that wait for `HARNESS_AUDIT_FILE`, before calls wait, too",
        "crates/gateway/src/journal.rs",
        "MAX_WAITING",
        "lines_that_wait_have_a_largest_size",
    ),
    limit(
        "Passwords that are looked at or wait for it",
        "crates/access/src/people/password.rs",
        "PLACES",
        "the_queue_of_passwords_has_an_end",
    ),
    limit(
        "Bytes of a file of environment variables",
        "crates/app/src/environment/file.rs",
        "MAX_BYTES",
        "a_file_of_variables_has_a_largest_size_and_a_form",
    ),
    limit(
        "Bytes of an MCP client's own configuration",
        "crates/app/src/connect/file.rs",
        "MAX_FILE_BYTES",
        "a_file_that_is_too_large_is_refused",
    ),
    limit(
        "Archives that a workspace keeps when its runs are over",
        PLATFORM,
        "KEPT_ARCHIVES",
        "a_workspace_keeps_the_newest_archives_and_the_one_of_its_state",
    ),
    limit(
        "Bytes of another issuer's token",
        FEDERATION,
        "MAX_TOKEN",
        "what_an_issuer_sends_is_bounded_and_speaks_for_itself",
    ),
    limit(
        "Bytes of an issuer's document",
        FEDERATION,
        "MAX_DOCUMENT",
        "what_an_issuer_sends_is_bounded_and_speaks_for_itself",
    ),
    limit(
        "Keys of an issuer",
        FEDERATION,
        "MAX_KEYS",
        "what_an_issuer_sends_is_bounded_and_speaks_for_itself",
    ),
    limit(
        "Bytes of a service account's id or secret",
        "crates/access/src/service_account.rs",
        "MAX_PRESENTED",
        "refusals_say_nothing_about_what_was_wrong",
    ),
    limit(
        "Bytes of a request for a service account's token",
        PLATFORM,
        "TOKEN_REQUEST",
        "refusals_say_nothing_about_what_was_wrong",
    ),
    limit(
        "Bytes of a form or of a client's registration",
        "crates/app/src/http/identity.rs",
        "MOST_BYTES",
        "registration_and_client_credentials_are_bounded",
    ),
    limit(
        "Clients that registered themselves",
        CLIENT,
        "MOST_DYNAMIC",
        "clients_that_register_are_bounded_and_forgotten_unless_used",
    ),
    limit(
        "Clients that are described elsewhere",
        CLIENT,
        "MOST_DESCRIBED",
        "clients_of_a_kind_are_bounded_and_expire",
    ),
    limit(
        "Addresses that a client may return to",
        CLIENT,
        "MOST_REDIRECTS",
        "registration_and_client_credentials_are_bounded",
    ),
    limit(
        "Bytes of an address that a client may return to",
        "crates/access/src/oauth/redirect.rs",
        "MOST_BYTES",
        "what_a_browser_would_run_is_not_registered",
    ),
    limit(
        "Bytes of the address of a client's description",
        DOCUMENT,
        "LONGEST_ADDRESS",
        "only_public_names_over_tls_describe_clients",
    ),
    limit(
        "Bytes of a client's description",
        DOCUMENT,
        "MOST_BYTES",
        "hosts_that_the_operator_named_may_be_private_and_are_bounded_all_the_same",
    ),
    limit(
        "Keys of a client",
        "crates/access/src/oauth/assertion.rs",
        "MOST_KEYS",
        "only_public_keys_are_registered",
    ),
    limit(
        "Bytes of a `nonce`",
        "crates/access/src/oauth/authorize.rs",
        "LONGEST_NONCE",
        "a_client_that_asks_learns_who_consented",
    ),
    limit(
        "Bytes of a subject or an address that a provider gives",
        "crates/access/src/external.rs",
        "LONGEST_WORD",
        "a_token_is_about_this_sign_in_or_nothing",
    ),
    limit(
        "Bytes of the file with a sign-in",
        "crates/app/src/login/file.rs",
        "MAX_FILE_BYTES",
        "a_sign_in_that_is_none_is_named",
    ),
    limit(
        "Requests to MCP from one address in a minute (`PILOTHOUSE_REQUESTS_PER_MINUTE`)",
        DEFAULTS,
        "requests_per_minute",
        "an_address_that_sends_too_much_waits_before_its_token_is_looked_at",
    ),
    limit(
        "Addresses whose requests are counted, and callers whose calls are, in each of two generations",
        "crates/access/src/rate.rs",
        "REMEMBERED",
        "who_comes_often_is_remembered_among_many_others",
    ),
    limit(
        "Tool calls of one caller in a second (`PILOTHOUSE_CALLS_PER_SECOND`)",
        DEFAULTS,
        "calls_per_second",
        "a_burst_passes_and_the_next_call_is_told_when",
    ),
    limit(
        "Wrong secrets from one place before it must wait",
        "crates/access/src/attempt.rs",
        "FREE",
        "guessing_secrets_gets_slower",
    ),
    limit(
        "Wrong passwords before an account must wait",
        "crates/access/src/people.rs",
        "FREE_FAILURES",
        "failures_lock_for_longer_and_longer",
    ),
    limit(
        "Bytes of a password",
        "crates/access/src/people/password.rs",
        "LONGEST",
        "names_and_passwords_are_bounded",
    ),
    limit(
        "Items that a list of a platform can be paged through",
        "crates/connectors/src/connector/page.rs",
        "MAX_ITEMS",
        "a_list_ends_somewhere",
    ),
    limit(
        "Bytes of JSON text in place of a list or an object",
        "crates/registry/src/coerce.rs",
        "MAX_JSON",
        "what_is_not_clear_stays_as_it_is",
    ),
    limit(
        "Bytes of the address of a Harness page",
        "crates/connectors/src/harness/address.rs",
        "MAX_ADDRESS",
        "addresses_come_in_many_shapes",
    ),
    limit(
        "Segments of a path into a schema",
        "crates/registry/src/definition.rs",
        "MAX_SEGMENTS",
        "a_path_of_too_many_segments_is_refused",
    ),
    limit(
        "Input sets of one pipeline run",
        "crates/connectors/src/harness/run.rs",
        "MAX_INPUT_SETS",
        "a_run_takes_so_many_input_sets",
    ),
    limit(
        "Files of a packed log of Harness that are read, the last",
        "crates/connectors/src/harness/log/pack.rs",
        "MAX_FILES",
        "of_too_many_files_the_last_are_read",
    ),
    limit(
        "Bytes shown of a log of Harness, the last",
        "crates/connectors/src/harness/log.rs",
        "MAX_SHOWN",
        "a_long_log_shows_its_end",
    ),
    limit(
        "Nodes of a Harness execution that are looked at",
        "crates/connectors/src/harness/execution.rs",
        "MAX_NODES",
        "a_run_of_more_nodes_than_the_bound_is_read_in_part_and_says_so",
    ),
    limit(
        "Executions that one chart is drawn of",
        "crates/connectors/src/harness/visual.rs",
        "MAX_EXECUTIONS",
        "a_chart_is_drawn_of_so_many_executions",
    ),
    limit(
        "Bytes of a file for Harness' file store",
        "crates/connectors/src/harness/body/file.rs",
        "MAX_FILE",
        "too_much_is_refused_before_anything_is_sent",
    ),
    limit(
        "Findings of one bulk request for exemptions",
        "crates/connectors/src/harness/exemption.rs",
        "MAX_ITEMS",
        "too_much_is_refused_before_anything_is_sent",
    ),
    limit(
        "Bytes that a log of Harness unpacks to",
        "crates/connectors/src/harness/log/pack.rs",
        "MAX_UNPACKED",
        "more_than_the_bound_is_refused",
    ),
    limit(
        "Bytes of a YAML document",
        "crates/connectors/src/yaml.rs",
        "MAX_DOCUMENT",
        "what_is_no_document_is_refused",
    ),
    limit(
        "Bytes that are read of a request without a good credential",
        "crates/app/src/http/auth.rs",
        "MOST_REST",
        "a_refusal_leaves_the_connection_usable_or_says_that_it_does_not",
    ),
    limit("Bytes of a GitHub token", GITHUB, "MAX_TOKEN", "tokens_are_told_by_their_beginning"),
    limit(
        "Bytes of GitHub's answer",
        "crates/app/src/http/auth/credential/github.rs",
        "MAX_ANSWER",
        "nobody_comes_in_while_github_does_not_answer",
    ),
    limit("Tenants of a GitOps repository", TENANT, "MAX_TENANTS", "tenants_are_bounded"),
    limit(
        "Bytes of a tenant's file",
        TENANT,
        "MAX_FILE",
        "a_changed_tenant_counts_a_second_later_and_a_broken_one_grants_nothing",
    ),
    limit(
        "Teams, and members of one",
        TEAM,
        "MAX_TEAMS",
        "teams_and_members_are_bounded_and_there_once",
    ),
    limit(
        "Characters of a team's name",
        "crates/access/src/team.rs",
        "MAX_NAME",
        "a_team_has_a_name_of_its_own_and_members_that_are_none",
    ),
    limit(
        "Agent spaces that an API key is limited to",
        "crates/access/src/api_key.rs",
        "MAX_SPACES",
        "a_key_has_a_name_roles_and_an_end",
    ),
    limit("Files with policies", POLICIES, "MAX_FILES", "files_and_policies_are_bounded"),
    limit("Bytes of a file with policies", POLICIES, "MAX_BYTES", "files_and_policies_are_bounded"),
    limit("Policies in force", POLICIES, "MAX_POLICIES", "files_and_policies_are_bounded"),
];

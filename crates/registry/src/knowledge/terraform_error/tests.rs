//! Messages as Terraform 1.11 and its providers really print them, and the entries that explain
//! them.

use std::collections::BTreeSet;

use super::*;

/// Summary, detail, id of the best entry. The first group was produced with Terraform 1.11.4.
const MESSAGES: &[(&str, &str, &str)] = &[
    (
        "Reference to undeclared input variable",
        "An input variable with the name \"region\" has not been declared. This variable can be declared with a variable \"region\" {} block.",
        "undeclared_variable",
    ),
    (
        "Reference to undeclared resource",
        "A managed resource \"aws_instance\" \"web\" has not been declared in the root module.",
        "undeclared_resource",
    ),
    (
        "Reference to undeclared local value",
        "A local value with the name \"x\" has not been declared.",
        "undeclared_local",
    ),
    (
        "Reference to undeclared module",
        "No module call named \"net\" is declared in the root module.",
        "undeclared_module",
    ),
    (
        "Invalid reference",
        "A reference to a resource type must be followed by at least one attribute access, specifying the resource name.",
        "invalid_reference",
    ),
    (
        "Reference to \"each\" in context without for_each",
        "The \"each\" object can be used only in \"module\" or \"resource\" blocks, and only when the \"for_each\" argument is set.",
        "invalid_reference",
    ),
    (
        "Unsupported argument",
        "An argument named \"inptu\" is not expected here. Did you mean \"input\"?",
        "unsupported_argument",
    ),
    (
        "Unsupported block type",
        "Blocks of type \"thing\" are not expected here.",
        "unsupported_block",
    ),
    (
        "Missing required argument",
        "The argument \"needed\" is required, but no definition was found.",
        "missing_argument",
    ),
    (
        "Unsupported attribute",
        "This object has no argument, nested block, or exported attribute named \"colour\".",
        "unsupported_attribute",
    ),
    (
        "Unsupported attribute",
        "This object does not have an attribute named \"b\".",
        "unsupported_attribute",
    ),
    (
        "Attempt to get attribute from null value",
        "This value is null, so it does not have any attributes.",
        "null_attribute",
    ),
    (
        "Invalid index",
        "The given key does not identify an element in this collection value.",
        "invalid_index",
    ),
    (
        "Missing resource instance key",
        "Because terraform_data.b has \"count\" set, its attributes must be accessed on specific instances.",
        "instance_key",
    ),
    (
        "Unexpected resource instance key",
        "Because terraform_data.z does not have \"count\" or \"for_each\" set, references to it must not include an index key.",
        "instance_key",
    ),
    ("Incorrect value type", "Invalid expression value: a number is required.", "type_mismatch"),
    (
        "Invalid operand",
        "Unsuitable value for left operand: a number is required.",
        "type_mismatch",
    ),
    (
        "Invalid default value for variable",
        "This default value is not compatible with the variable's type constraint: a number is required.",
        "type_mismatch",
    ),
    (
        "Invalid value for input variable",
        "Unsuitable value for var.x set using -var=\"x=...\": attribute \"a\" is required.",
        "type_mismatch",
    ),
    (
        "Invalid template interpolation value",
        "Cannot include the given value in a string template: string required.",
        "type_mismatch",
    ),
    (
        "Inconsistent conditional result types",
        "The true and false result expressions must have consistent types. The 'true' value is string, but the 'false' value is tuple.",
        "inconsistent_conditional",
    ),
    (
        "Iteration over non-iterable value",
        "A value of type string cannot be used as the collection in a 'for' expression.",
        "iteration",
    ),
    (
        "Invalid for_each argument",
        "The given \"for_each\" argument value is unsuitable: the \"for_each\" argument must be a map, or set of strings, and you have provided a value of type tuple.",
        "for_each_unsuitable",
    ),
    (
        "Invalid for_each argument",
        "The \"for_each\" set includes values derived from resource attributes that cannot be determined until apply, and so Terraform cannot determine the full set of keys that will identify the instances of this resource.",
        "for_each_unknown",
    ),
    (
        "Invalid count argument",
        "The \"count\" value depends on resource attributes that cannot be determined until apply, so Terraform cannot predict how many instances will be created.",
        "for_each_unknown",
    ),
    (
        "Invalid count argument",
        "The given \"count\" argument value is unsuitable: must be greater than or equal to zero.",
        "count_unsuitable",
    ),
    ("Call to unknown function", "There is no function named \"uppercase\".", "unknown_function"),
    (
        "Invalid function argument",
        "Invalid value for \"path\" parameter: no file exists at \"nope.txt\"; this function works only with files that are distributed as part of the configuration source code, so if this file will be created by a resource in this configuration you must instead obtain this result from an attribute of that resource.",
        "file_missing",
    ),
    (
        "Error in function call",
        "Call to function \"cidrsubnet\" failed: insufficient address space to extend prefix of 24 by 20.",
        "function_call",
    ),
    (
        "Unclosed configuration block",
        "There is no closing brace for this block before the end of the file. This may be caused by incorrect brace nesting elsewhere in this file.",
        "unclosed_block",
    ),
    (
        "Unterminated template string",
        "No closing marker was found for the string.",
        "unclosed_block",
    ),
    (
        "Argument or block definition required",
        "An argument or block definition is required here. To set an argument, use the equals sign \"=\" to introduce the argument value.",
        "syntax",
    ),
    (
        "Invalid character",
        "Single quotes are not valid. Use double quotes (\") to enclose strings.",
        "syntax",
    ),
    (
        "Duplicate resource \"terraform_data\" configuration",
        "A terraform_data resource named \"a\" was already declared at main.tf:1,1-30. Resource names must be unique per type in each module.",
        "duplicate_definition",
    ),
    (
        "Attribute redefined",
        "The argument \"input\" was already set at main.tf:2,2-7. Each argument may be set only once.",
        "duplicate_definition",
    ),
    (
        "No value for required variable",
        "The root module input variable \"x\" is not set, and has no default value. Use a -var or -var-file command line argument to provide a value for this variable.",
        "variable_without_value",
    ),
    (
        "Invalid value for variable",
        "Too short.\n\nThis was checked by the validation rule at main.tf:3,2-12.",
        "variable_validation",
    ),
    (
        "Value for undeclared variable",
        "A variable named \"x\" was assigned on the command line, but the root module does not declare a variable of that name.",
        "undeclared_variable_value",
    ),
    ("Resource precondition failed", "n is too small.", "condition_failed"),
    ("Check block assertion failed", "web is not b", "condition_failed"),
    ("Cycle: terraform_data.a, terraform_data.b", "", "dependency_cycle"),
    (
        "Self-referential block",
        "Configuration for terraform_data.a may not refer to itself.",
        "dependency_cycle",
    ),
    (
        "Instance cannot be destroyed",
        "Resource terraform_data.a has lifecycle.prevent_destroy set, but the plan calls for this resource to be destroyed.",
        "prevent_destroy",
    ),
    (
        "Output refers to sensitive values",
        "To reduce the risk of accidentally exporting sensitive data that was intended to be only internal, Terraform requires that any root module output containing sensitive data be explicitly marked as sensitive, to confirm your intent.",
        "sensitive_output",
    ),
    (
        "Unreadable module directory",
        "Unable to evaluate directory symlink: lstat nope: no such file or directory",
        "module_unreadable",
    ),
    (
        "Error accessing remote module registry",
        "Failed to retrieve available versions for module \"m\" (main.tf:1) from registry.terraform.io: failed to request discovery document: dial tcp: lookup registry.terraform.io: no such host.",
        "module_download",
    ),
    (
        "Module not installed",
        "This module is not yet installed. Run \"terraform init\" to install all modules required by this configuration.",
        "module_not_installed",
    ),
    (
        "Failed to query available provider packages",
        "Could not retrieve the list of available versions for provider hashicorp/foo: could not connect to registry.terraform.io: failed to request discovery document: dial tcp: lookup registry.terraform.io: no such host",
        "provider_unavailable",
    ),
    (
        "Invalid resource type",
        "The provider terraform.io/builtin/terraform does not support resource type \"terraform_datum\". Did you mean \"terraform_data\"?",
        "invalid_resource_type",
    ),
    (
        "Unsupported Terraform Core version",
        "This configuration does not support Terraform version 1.11.4. To proceed, either choose another supported Terraform version or update this version constraint.",
        "terraform_version",
    ),
    (
        "Error acquiring the state lock",
        "Error message: resource temporarily unavailable\nLock Info:\n  ID:        d27f515c",
        "state_lock",
    ),
    (
        "Saved plan is stale",
        "The given plan file can no longer be applied because the state was changed by another operation after the plan was created.",
        "stale_plan",
    ),
    (
        "Unable to find remote state",
        "No stored state was found for the given workspace in the given backend.",
        "state_unreadable",
    ),
    (
        "No valid credential sources found",
        "Error: failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata, access disabled to EC2 IMDS via client option",
        "no_credentials",
    ),
    (
        "Missing Required Value",
        "The attribute \"bucket\" is required by the backend.\n\nRefer to the backend documentation for additional information which attributes are required.",
        "backend",
    ),
    (
        "Backend initialization required, please run \"terraform init\"",
        "Reason: Initial configuration of the requested backend \"local\"",
        "backend",
    ),
    (
        "Configuration for import target does not exist",
        "The configuration for the given import target terraform_data.zz does not exist.",
        "import_target",
    ),
    (
        "local-exec provisioner error",
        "Error running command 'nosuchprogram --x': exit status 127. Output: /bin/sh: 1: nosuchprogram: not found",
        "provisioner",
    ),
    // As providers print them.
    (
        "creating EC2 Instance",
        "operation error EC2: RunInstances, https response error StatusCode: 403, RequestID: x, api error UnauthorizedOperation: You are not authorized to perform this operation.",
        "permission_denied",
    ),
    (
        "creating S3 Bucket (x)",
        "operation error S3: CreateBucket, https response error StatusCode: 409, BucketAlreadyOwnedByYou",
        "already_exists",
    ),
    (
        "deleting EC2 VPC (vpc-1)",
        "operation error EC2: DeleteVpc, https response error StatusCode: 400, api error DependencyViolation: The vpc 'vpc-1' has dependencies and cannot be deleted.",
        "still_in_use",
    ),
    (
        "creating Lambda Function (f)",
        "operation error Lambda: CreateFunction, StatusCode: 429, TooManyRequestsException: Rate exceeded",
        "throttled",
    ),
    (
        "waiting for RDS DB Instance (db) create",
        "timeout while waiting for state to become 'available' (last state: 'creating', timeout: 40m0s)",
        "timeout",
    ),
    (
        "creating EIP",
        "api error AddressLimitExceeded: The maximum number of addresses has been reached.",
        "quota",
    ),
    (
        "configuring provider",
        "api error ExpiredToken: The security token included in the request is expired",
        "bad_credentials",
    ),
];

fn errors() -> &'static TerraformErrors {
    TerraformErrors::embedded().unwrap()
}

#[test]
fn real_messages_are_explained() {
    for (summary, detail, id) in MESSAGES {
        let found: Vec<&str> =
            errors().diagnose(summary, detail).iter().map(|error| error.id.as_str()).collect();
        assert_eq!(found.first(), Some(id), "{summary}: {detail}\nfound: {found:?}");
    }
}

#[test]
fn human_output_is_understood_as_well() {
    let output = "╷\n│ Error: No value for required\n│ variable\n│ \n│   on main.tf line 1:\n╵";
    assert_eq!(errors().diagnose("", output)[0].id, "variable_without_value");
}

#[test]
fn what_is_not_known_is_not_explained() {
    for message in ["", "everything is fine", "Apply complete! Resources: 1 added"] {
        assert!(errors().diagnose(message, message).is_empty(), "{message}");
    }
    assert!(errors().diagnose(&"é".repeat(1 << 20), &"é".repeat(1 << 20)).is_empty());
}

#[test]
fn entries_are_complete_and_distinct() {
    let mut ids = BTreeSet::new();
    let mut patterns = BTreeSet::new();
    for error in errors().iter() {
        assert!(ids.insert(&error.id), "{} is there twice", error.id);
        assert!(!error.cause.is_empty() && !error.next_steps.is_empty(), "{}", error.id);
        assert!(!error.keywords.is_empty() && !error.patterns.is_empty(), "{}", error.id);
        for (pattern, _) in &error.patterns {
            assert!(patterns.insert(pattern), "{}: {pattern:?} is there twice", error.id);
        }
    }
    assert!(ids.len() >= 40);
}

#[test]
fn each_entry_has_a_place_in_the_documentation() {
    let documentation = crate::knowledge::Documentation::embedded().unwrap();
    for error in errors().iter() {
        let hits = documentation.search(&error.title, 5);
        assert!(hits.iter().any(|hit| hit.url == error.url), "{}: {hits:?}", error.url);
        assert!(documentation.page(&error.url).unwrap().content.contains(&error.title));
    }
}

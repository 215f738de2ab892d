//! Perspectives of costs: a new one starts from the account's preferences.

use pilothouse_model::{Kind, Result};
use serde_json::{Map, Value, json};

use crate::connector::hook::HookContext;

/// Where a setting of the account goes in the preferences of a perspective. The settings are those
/// of the group `perspective_preferences`, the preferences those of `ViewPreferences` in the
/// published description of the API.
const PREFERENCES: [(&str, &str); 12] = [
    ("show_anomalies", "/showAnomalies"),
    ("show_others", "/includeOthers"),
    ("show_unallocated_cluster_cost", "/includeUnallocatedCost"),
    ("include_aws_discounts", "/awsPreferences/includeDiscounts"),
    ("include_aws_credit", "/awsPreferences/includeCredits"),
    ("include_aws_refunds", "/awsPreferences/includeRefunds"),
    ("include_aws_taxes", "/awsPreferences/includeTaxes"),
    ("show_aws_cost_as", "/awsPreferences/awsCost"),
    ("include_gcp_discounts", "/gcpPreferences/includeDiscounts"),
    ("include_gcp_taxes", "/gcpPreferences/includeTaxes"),
    ("show_gcp_cost_as", "/gcpPreferences/gcpCost"),
    ("show_azure_cost_as", "/azureViewPreferences/costType"),
];

/// A perspective, with the account's preferences where the call states none.
pub(super) async fn create(
    context: &HookContext<'_>,
    mut args: Map<String, Value>,
) -> Result<Value> {
    let question = json!({"category": "CE", "group": "perspective_preferences"});
    let settings = match context.call("cost_perspective.preferences", question).await {
        // An account without preferences, or a key that may not read them, gets the platform's.
        Err(error) if matches!(error.kind, Kind::NotFound | Kind::Forbidden) => Value::Null,
        settings => settings?,
    };
    let body = args.entry("body").or_insert_with(|| json!({}));
    if let Some(body) = body.as_object_mut() {
        let mut preferences = preferences(&settings);
        overlay(&mut preferences, body.remove("viewPreferences").unwrap_or_default());
        if preferences.as_object().is_some_and(|preferences| !preferences.is_empty()) {
            body.insert("viewPreferences".to_owned(), preferences);
        }
        for (name, value) in
            [("viewState", "COMPLETED"), ("viewType", "CUSTOMER"), ("viewVersion", "v1")]
        {
            body.entry(name).or_insert_with(|| json!(value));
        }
    }
    context.call("cost_perspective.add", Value::Object(args)).await
}

/// What the account prefers, as a perspective says it.
fn preferences(settings: &Value) -> Value {
    let listed = settings.as_array().into_iter().flatten();
    let mut preferences = json!({});
    for setting in listed {
        let setting = setting.get("setting").unwrap_or(setting);
        let text = |name: &str| setting.get(name)?.as_str();
        let known = PREFERENCES.iter().find(|(name, _)| text("identifier") == Some(name));
        let Some(((_, place), value)) = known.zip(text("value")) else { continue };
        let value = match value {
            "true" => json!(true),
            "false" => json!(false),
            word => json!(word),
        };
        let mut parts = place.split('/').skip(1).collect::<Vec<_>>();
        let last = parts.pop().unwrap_or_default();
        let mut at = &mut preferences;
        for part in parts {
            at = &mut at[part];
        }
        at[last] = value;
    }
    preferences
}

/// Puts what the call states over what the account prefers, field by field.
fn overlay(base: &mut Value, over: Value) {
    match (base, over) {
        (_, Value::Null) => {}
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                overlay(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_account_become_preferences_and_the_call_wins() {
        let setting = |name: &str, value: &str| json!({"setting": {"identifier": name, "groupIdentifier": "g", "value": value}});
        let mut found = preferences(&json!([
            setting("show_others", "true"),
            setting("show_anomalies", "false"),
            setting("include_aws_credit", "true"),
            setting("include_aws_taxes", "false"),
            setting("show_aws_cost_as", "NET_AMORTISED"),
            setting("show_gcp_cost_as", "LIST"),
            setting("show_azure_cost_as", "ACTUAL"),
            setting("ticketing_tool", "Jira"),
        ]));
        overlay(
            &mut found,
            json!({"showAnomalies": true, "awsPreferences": {"includeTaxes": true}}),
        );
        assert_eq!(
            found,
            json!({
                "includeOthers": true,
                "showAnomalies": true,
                "awsPreferences":
                    {"includeCredits": true, "includeTaxes": true, "awsCost": "NET_AMORTISED"},
                "gcpPreferences": {"gcpCost": "LIST"},
                "azureViewPreferences": {"costType": "ACTUAL"},
            })
        );
        assert_eq!(preferences(&json!([])), json!({}));
    }
}

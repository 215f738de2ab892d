//! Questions about cloud cost: filters of recommendations and anomalies, and perspectives, which
//! speak GraphQL.

use pilothouse_model::{Error, Result};
use serde_json::{Map, Value, json};

use super::{
    BodyInput, object, period,
    read::{listed, texts},
};

/// How many recommendations, anomalies, rows and values are asked for without a limit.
const RECOMMENDATIONS: u64 = 20;
const ANOMALIES: u64 = 10;
const ROWS: u64 = 25;
const SERIES: u64 = 12;
const VALUES: u64 = 1000;
/// Recommendations seen in the last so many days are open.
const DAYS_BACK: u64 = 4;

const GRID: &str = include_str!("graphql/perspective_grid.graphql");
const TIME_SERIES: &str = include_str!("graphql/perspective_time_series.graphql");
const SUMMARY: &str = include_str!("graphql/perspective_summary.graphql");
const METADATA: &str = include_str!("graphql/metadata.graphql");
const BUDGETS: &str = include_str!("graphql/perspective_budgets.graphql");
const PERSPECTIVE_RECOMMENDATIONS: &str =
    include_str!("graphql/perspective_recommendations.graphql");
const FILTER_VALUES: &str = include_str!("graphql/perspective_filter_values.graphql");

pub(super) fn breakdown(input: BodyInput<'_>) -> Result<Value> {
    let variables = json!({
        "filters": perspective_filters(&input)?,
        "groupBy": [group_by(&input)],
        "limit": or(&input, "limit", ROWS),
        "offset": or(&input, "offset", 0),
        "aggregateFunction": sum(),
        "isClusterOnly": false,
        "isClusterHourlyData": false,
        "preferences": preferences(),
    });
    Ok(question("FetchperspectiveGrid", GRID, &variables))
}

pub(super) fn time_series(input: BodyInput<'_>) -> Result<Value> {
    let resolution = input.given("time_resolution").cloned().unwrap_or_else(|| json!("DAY"));
    let variables = json!({
        "filters": perspective_filters(&input)?,
        "groupBy": [{"timeTruncGroupBy": {"resolution": resolution}}, group_by(&input)],
        "limit": or(&input, "limit", SERIES),
        "preferences": preferences(),
        "isClusterHourlyData": false,
    });
    Ok(question("FetchPerspectiveTimeSeries", TIME_SERIES, &variables))
}

/// Of one perspective, or which perspectives and kinds of data there are.
pub(super) fn summary(input: BodyInput<'_>) -> Result<Value> {
    if input.given("perspective_id").is_none() {
        return Ok(question("FetchCcmMetaData", METADATA, &json!({})));
    }
    let variables = json!({
        "filters": perspective_filters(&input)?,
        "groupBy": [group_by(&input)],
        "aggregateFunction": sum(),
        "isClusterQuery": false,
        "isClusterHourlyData": false,
        "preferences": preferences(),
    });
    Ok(question("FetchPerspectiveDetailsSummaryWithBudget", SUMMARY, &variables))
}

pub(super) fn budgets(input: BodyInput<'_>) -> Value {
    let variables = object([("perspectiveId", input.given("perspective_id").cloned())]);
    question("FetchPerspectiveBudget", BUDGETS, &variables)
}

pub(super) fn perspective_recommendations(input: BodyInput<'_>) -> Result<Value> {
    let filter = json!({
        "perspectiveFilters": perspective_filters(&input)?,
        "limit": or(&input, "limit", ROWS),
        "offset": or(&input, "offset", 0),
        "minSaving": or(&input, "min_saving", 0),
    });
    let variables = json!({ "filter": filter });
    Ok(question("PerspectiveRecommendations", PERSPECTIVE_RECOMMENDATIONS, &variables))
}

pub(super) fn filter_values(input: BodyInput<'_>) -> Result<Value> {
    let mut filters = time_filters(&input)?;
    if let Some(id) = input.given("perspective_id") {
        filters.insert(0, view(Some(id)));
    }
    let field = value_field(&input)?;
    filters.push(json!({"idFilter": {"values": [""], "operator": "IN", "field": field}}));
    let variables = json!({
        "filters": filters,
        "offset": or(&input, "offset", 0),
        "limit": or(&input, "limit", VALUES),
        "sortCriteria": [{"sortOrder": "ASCENDING", "sortType": "NAME"}],
        "isClusterQuery": input.given("is_cluster_query"),
        "isClusterHourlyData": input.given("is_cluster_hourly_data"),
    });
    Ok(question("FetchPerspectiveFiltersValue", FILTER_VALUES, &variables))
}

/// Whether values of this kind are cost categories, which the platform calls business mappings.
pub(in crate::harness) fn is_category(kind: &str) -> bool {
    ["business_mapping", "cost_category"].iter().any(|it| it.eq_ignore_ascii_case(kind))
}

/// What the values are of: a field, a label or a cost category, by its name or id in the subtype.
fn value_field(input: &BodyInput<'_>) -> Result<Value> {
    let kind = input.given("value_type").and_then(Value::as_str).unwrap_or_default();
    let part = input.given("value_sub_type");
    if is_category(kind) {
        return part.map(cost_category).ok_or_else(|| {
            Error::invalid("value_sub_type: missing")
                .hint("pass the uuid of a cost category; cost_category.list shows them")
        });
    }
    let is_label = kind.starts_with("label");
    let name = part.filter(|_| is_label).or_else(|| input.given("value_type"));
    let (identifier, identifier_name) =
        if is_label { ("LABEL_V2", "Label V2") } else { ("COMMON", "Common") };
    Ok(object([
        ("fieldId", input.given("value_type").cloned()),
        ("fieldName", name.cloned()),
        ("identifier", Some(json!(identifier))),
        ("identifierName", Some(json!(identifier_name))),
    ]))
}

/// A page of recommendations.
pub(super) fn recommendations(input: BodyInput<'_>) -> Value {
    let mut filter = recommendation_filter(&input);
    filter.insert("offset".to_owned(), or(&input, "offset", 0));
    filter.insert("limit".to_owned(), or(&input, "limit", RECOMMENDATIONS));
    if let Some(field) = input.given("sort_by") {
        let order = input.given("sort_order").cloned().unwrap_or_else(|| json!("DESCENDING"));
        filter.insert("sortBy".to_owned(), field.clone());
        filter.insert("sortOrder".to_owned(), order);
    }
    Value::Object(filter)
}

/// All recommendations, to be counted or added up.
pub(super) fn recommendation_totals(input: BodyInput<'_>) -> Value {
    Value::Object(recommendation_filter(&input))
}

fn recommendation_filter(input: &BodyInput<'_>) -> Map<String, Value> {
    let mut filter = Map::from_iter([
        ("filterType".to_owned(), json!("CCMRecommendation")),
        ("minSaving".to_owned(), or(input, "min_saving", 0)),
        ("daysBack".to_owned(), or(input, "days_back", DAYS_BACK)),
    ]);
    if let Some(category) = input.given("cost_category") {
        let buckets = texts(input.given("cost_buckets"));
        let pair = |bucket: Option<&String>| {
            object([
                ("costCategory", Some(category.clone())),
                ("costBucket", bucket.map(|bucket| json!(bucket))),
            ])
        };
        let pairs: Vec<_> = if buckets.is_empty() {
            vec![pair(None)]
        } else {
            buckets.iter().map(|bucket| pair(Some(bucket))).collect()
        };
        filter.insert("costCategoryDTOs".to_owned(), json!(pairs));
    }
    let states = texts(input.given("recommendation_states"));
    if !states.is_empty() {
        let states = json!({ "recommendationStates": states });
        filter.insert("k8sRecommendationFilterPropertiesDTO".to_owned(), states);
    }
    filter
}

pub(super) fn anomalies(input: BodyInput<'_>) -> Result<Value> {
    let (start, end) = period::of(&input)?;
    let text = |name: &str, otherwise: &str| {
        input.given(name).cloned().unwrap_or_else(|| json!(otherwise))
    };
    let filter = object([
        ("filterType", Some(json!("Anomaly"))),
        ("limit", Some(or(&input, "limit", ANOMALIES))),
        ("offset", Some(or(&input, "offset", 0))),
        ("anomalyView", Some(text("anomaly_view", "RESOURCE"))),
        ("groupBy", Some(json!([]))),
        ("searchText", Some(listed(text("search_text", "")))),
        (
            "timeFilters",
            Some(json!([
                {"operator": "AFTER", "timestamp": start},
                {"operator": "BEFORE", "timestamp": end},
            ])),
        ),
        ("status", input.given("status").cloned().map(listed)),
        ("minActualAmount", input.given("min_amount").cloned()),
        ("minAnomalousSpend", input.given("min_anomalous_spend").cloned()),
        (
            "orderBy",
            Some(json!([{
                "field": text("order_by_field", "ANOMALOUS_SPEND"),
                "order": text("order_by_direction", "DESCENDING"),
            }])),
        ),
    ]);
    Ok(json!({ "anomalyFilterPropertiesDTO": filter }))
}

/// A ticket for a recommendation, whose identifier is one of the fields.
pub(super) fn ticket(input: BodyInput<'_>) -> Value {
    let mut body = input.body();
    if let Some(id) = input.given("recommendation_id") {
        body.insert("recommendationId".to_owned(), id.clone());
    }
    Value::Object(body)
}

fn question(operation: &str, query: &str, variables: &Value) -> Value {
    json!({"query": query, "operationName": operation, "variables": variables})
}

fn or(input: &BodyInput<'_>, name: &str, otherwise: u64) -> Value {
    input.given(name).cloned().unwrap_or_else(|| json!(otherwise))
}

fn perspective_filters(input: &BodyInput<'_>) -> Result<Vec<Value>> {
    let mut filters = vec![view(input.given("perspective_id"))];
    filters.extend(time_filters(input)?);
    Ok(filters)
}

fn view(id: Option<&Value>) -> Value {
    let view = object([("viewId", id.cloned()), ("isPreview", Some(json!(false)))]);
    json!({ "viewMetadataFilter": view })
}

fn time_filters(input: &BodyInput<'_>) -> Result<Vec<Value>> {
    let (start, end) = period::of(input)?;
    let field = json!({"fieldId": "startTime", "fieldName": "startTime", "identifier": "COMMON"});
    let filter = |operator: &str, value: i64| json!({"timeFilter": {"field": field, "operator": operator, "value": value}});
    Ok(vec![filter("AFTER", start), filter("BEFORE", end)])
}

/// What can be grouped by, by the platform's name for it: shown name, data source and its name.
/// Anything else is a label. From the queries of Harness' own MCP server and cost pages.
const FIELDS: [(&str, &str, &str, &str); 21] = [
    ("none", "None", "COMMON", "Common"),
    ("product", "Product", "COMMON", "Common"),
    ("region", "Region", "COMMON", "Common"),
    ("cloudProvider", "Cloud Provider", "COMMON", "Common"),
    ("awsServicecode", "Service", "AWS", "AWS"),
    ("awsUsageaccountid", "Account", "AWS", "AWS"),
    ("awsInstancetype", "Instance Type", "AWS", "AWS"),
    ("awsUsageType", "Usage Type", "AWS", "AWS"),
    ("awsBillingEntity", "Billing Entity", "AWS", "AWS"),
    ("awsLineItemType", "Line Item Type", "AWS", "AWS"),
    ("awspayeraccountid", "Payer Account", "AWS", "AWS"),
    ("gcpProjectId", "Project", "GCP", "GCP"),
    ("gcpProduct", "Product", "GCP", "GCP"),
    ("gcpSkuDescription", "SKUs", "GCP", "GCP"),
    ("gcpBillingAccountId", "Billing Account", "GCP", "GCP"),
    ("gcpInvoiceMonth", "Invoice Month", "GCP", "GCP"),
    ("gcpresource.global_name", "Resource Global Name", "GCP", "GCP"),
    ("azureSubscriptionGuid", "Subscription id", "AZURE", "Azure"),
    ("clusterName", "Cluster Name", "CLUSTER", "Cluster"),
    ("namespace", "Namespace", "CLUSTER", "Cluster"),
    ("workloadName", "Workload", "CLUSTER", "Cluster"),
];

/// What a cost category sorts costs into. The platform calls one a business mapping.
fn cost_category(id: &Value) -> Value {
    json!({
        "fieldId": id,
        "fieldName": "Business Mapping",
        "identifier": "BUSINESS_MAPPING",
        "identifierName": "Business Mapping",
    })
}

fn group_by(input: &BodyInput<'_>) -> Value {
    if let Some(id) = input.given("cost_category_id") {
        return json!({ "entityGroupBy": cost_category(id) });
    }
    let name = input.given("group_by").and_then(Value::as_str).unwrap_or("product");
    let known = FIELDS.iter().find(|(id, ..)| id.eq_ignore_ascii_case(name));
    let (id, shown, identifier, identifier_name) =
        known.copied().unwrap_or(("labels.value", name, "LABEL_V2", "Label V2"));
    json!({"entityGroupBy": {
        "fieldId": id,
        "fieldName": shown,
        "identifier": identifier,
        "identifierName": identifier_name,
    }})
}

fn sum() -> Value {
    json!([{"operationType": "SUM", "columnName": "cost"}])
}

/// Costs as they are billed, with nothing added.
fn preferences() -> Value {
    json!({
        "includeOthers": false,
        "includeUnallocatedCost": false,
        "awsPreferences": {
            "includeDiscounts": false,
            "includeCredits": false,
            "includeRefunds": false,
            "includeTaxes": false,
            "awsCost": "UNBLENDED",
        },
        "gcpPreferences": null,
        "azureViewPreferences": null,
        "showAnomalies": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(make: fn(BodyInput<'_>) -> Result<Value>, args: &Value) -> Value {
        let args = args.as_object().unwrap();
        make(BodyInput { args, now: pilothouse_model::Timestamp(0), new_id: String::new }).unwrap()
    }

    #[test]
    fn costs_are_grouped_by_fields_labels_and_categories() {
        for (args, expected) in [
            (json!({}), ["product", "COMMON"]),
            (json!({"group_by": "awslineitemtype"}), ["awsLineItemType", "AWS"]),
            (json!({"group_by": "team"}), ["labels.value", "LABEL_V2"]),
            (json!({"cost_category_id": "u1"}), ["u1", "BUSINESS_MAPPING"]),
        ] {
            let body = body(breakdown, &args);
            let field = &body["variables"]["groupBy"][0]["entityGroupBy"];
            assert_eq!([&field["fieldId"], &field["identifier"]], expected, "{args}");
        }
    }

    #[test]
    fn values_are_of_a_field_a_label_or_a_category() {
        for (args, expected) in [
            (json!({"value_type": "region"}), ["region", "region", "COMMON"]),
            (
                json!({"value_type": "label", "value_sub_type": "team"}),
                ["label", "team", "LABEL_V2"],
            ),
            (
                json!({"value_type": "cost_category", "value_sub_type": "u1"}),
                ["u1", "Business Mapping", "BUSINESS_MAPPING"],
            ),
        ] {
            let body = body(filter_values, &args);
            let filters = body["variables"]["filters"].as_array().unwrap();
            let field = &filters.last().unwrap()["idFilter"]["field"];
            let found = ["fieldId", "fieldName", "identifier"].map(|name| &field[name]);
            assert_eq!(found, expected, "{args}");
        }
    }
}

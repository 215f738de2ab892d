//! Charts beside results: which one a call wishes for, and what of the result it is drawn from.
//! A chart that cannot be drawn never spoils the result.

use pilothouse_model::{Error, Timestamp};
use pilothouse_registry::nearest;
use serde_json::{Map, Value, json};

use crate::chart::{self, Chart, Image, harness};

/// The platform that charts are drawn for.
const PLATFORM: &str = "harness.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Timeline,
    Flow,
    Architecture,
    Pie,
    Bar,
    TimeSeries,
    Health,
}

/// As callers write them, and the resource type of each.
const KINDS: [(&str, &str, Kind); 7] = [
    ("timeline", "visual_timeline", Kind::Timeline),
    ("flow", "visual_stage_flow", Kind::Flow),
    ("architecture", "visual_architecture", Kind::Architecture),
    ("pie", "visual_pie_chart", Kind::Pie),
    ("bar", "visual_bar_chart", Kind::Bar),
    ("timeseries", "visual_timeseries", Kind::TimeSeries),
    ("health", "visual_health_dashboard", Kind::Health),
];

/// A caller's wish for a chart beside the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    /// The one that fits the result, without it.
    kind: Option<Kind>,
}

impl Wish {
    /// Takes `include_visual`, `visual_type` and `visual_width` out of `arguments`, which the
    /// schema of `tool` has admitted, and out of `options` in them. Who names a type wishes for a
    /// chart; the width is ours to choose.
    pub(crate) fn split(
        tool: &str,
        mut arguments: Map<String, Value>,
    ) -> Result<(Option<Self>, Map<String, Value>), Error> {
        let outer = take(&mut arguments);
        let inner = match arguments.get_mut("options") {
            Some(Value::Object(options)) => take(options),
            _ => Taken::default(),
        };
        let name = outer.name.or(inner.name);
        if !outer.included.or(inner.included).unwrap_or(name.is_some()) {
            return Ok((None, arguments));
        }
        let kind = name.as_deref().map(named).transpose()?;
        // That one is drawn from the definition, which a diagnosis holds if it is asked to.
        if kind == Some(Kind::Architecture) && tool.ends_with("_diagnose") {
            let options = arguments.entry("options").or_insert_with(|| json!({}));
            if let Value::Object(options) = options {
                options.insert("include_yaml".into(), true.into());
            }
        }
        Ok((Some(Self { kind }), arguments))
    }
}

#[derive(Default)]
struct Taken {
    included: Option<bool>,
    name: Option<String>,
}

fn take(arguments: &mut Map<String, Value>) -> Taken {
    let included = arguments.remove("include_visual").and_then(|value| value.as_bool());
    arguments.remove("visual_width");
    let name = match arguments.remove("visual_type") {
        Some(Value::String(name)) => Some(name),
        _ => None,
    };
    Taken { included, name }
}

fn named(name: &str) -> Result<Kind, Error> {
    let found = KINDS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
    found.map(|(.., kind)| *kind).ok_or_else(|| {
        let known = KINDS.map(|(name, ..)| name);
        let error = Error::invalid(format!("there is no visual_type {name:?}"));
        match nearest(name, &known, 1).first() {
            Some(close) => error.hint(format!("did you mean {close:?}?")),
            None => error.hint(format!("there are: {}", known.join(", "))),
        }
    })
}

/// The chart of a result of `operation`: of a `visual_…` type, or because the caller wished for
/// one. What it shows is said in the result as well; the data of a `visual_…` type is left out.
pub(crate) async fn draw(
    operation: &str,
    wish: Option<&Wish>,
    value: &mut Value,
    now: Timestamp,
) -> Option<Image> {
    let own = own_kind(operation);
    let chart = match (own, wish) {
        (Some(kind), _) => of(kind, value, now),
        (None, Some(wish)) => wished(operation, wish.kind, value, now),
        (None, None) => return None,
    };
    let image = match chart {
        Some(chart) => rendered(chart).await,
        None => None,
    };
    let without = if own.is_some() || is_drawn(operation) { EMPTY } else { NO_CHART };
    let summary = image.as_ref().map_or(without, |image| &image.summary);
    if own.is_some() {
        *value = json!({ "summary": summary });
    } else if let Value::Object(fields) = value {
        fields.insert("visual_summary".into(), summary.into());
    }
    image
}

const EMPTY: &str = "There is nothing to draw.";
const NO_CHART: &str = "No chart is drawn of this; there are charts of lists of executions, of what \
                        became of one, and of how a project does.";

/// Whether there are charts of what the operation gives.
fn is_drawn(operation: &str) -> bool {
    let name = operation.strip_prefix(PLATFORM).unwrap_or_default();
    matches!(name, "execution.list" | "execution.diagnose" | "pipeline.diagnose")
        || name.ends_with(".status")
}

/// Drawing is work for a moment; other calls go on meanwhile.
async fn rendered(chart: Chart) -> Option<Image> {
    let drawn = tokio::task::spawn_blocking(move || chart::render(&chart)).await;
    match drawn {
        Ok(Ok(image)) => Some(image),
        Ok(Err(error)) => {
            tracing::warn!(%error, source = ?error.source, "a chart could not be drawn");
            None
        }
        Err(error) => {
            tracing::error!(%error, "drawing a chart broke off");
            None
        }
    }
}

fn own_kind(operation: &str) -> Option<Kind> {
    let name = operation.strip_prefix(PLATFORM)?.strip_suffix(".get")?;
    KINDS.iter().find(|(_, resource, _)| *resource == name).map(|(.., kind)| *kind)
}

fn of(kind: Kind, value: &Value, now: Timestamp) -> Option<Chart> {
    let items = || value.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    match kind {
        Kind::Timeline => harness::timeline(value),
        Kind::Flow => harness::flow(value),
        Kind::Architecture => harness::architecture(value),
        Kind::Pie => harness::by_status(items()),
        Kind::Bar => harness::by_pipeline(items()),
        Kind::TimeSeries => harness::by_day(items(), now),
        Kind::Health => harness::health(value),
    }
}

/// The chart that fits a result: lists of executions, diagnoses, the status of a project.
fn wished(operation: &str, kind: Option<Kind>, value: &Value, now: Timestamp) -> Option<Chart> {
    let (resource_type, action) = operation.strip_prefix(PLATFORM)?.rsplit_once('.')?;
    match (action, kind) {
        ("list", None) if resource_type == "execution" => of(Kind::Pie, value, now),
        ("list", Some(kind @ (Kind::Pie | Kind::Bar | Kind::TimeSeries)))
            if resource_type == "execution" =>
        {
            of(kind, value, now)
        }
        ("status", None | Some(Kind::Health)) => of(Kind::Health, value, now),
        ("diagnose", Some(Kind::Flow)) => of(Kind::Flow, value, now),
        ("diagnose", Some(Kind::Architecture)) => of(Kind::Architecture, value, now),
        ("diagnose", _) => of(Kind::Timeline, value, now),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(arguments: Value) -> Result<(Option<Wish>, Value), Error> {
        let Value::Object(arguments) = arguments else { panic!("an object") };
        Wish::split("harness_diagnose", arguments).map(|(wish, rest)| (wish, rest.into()))
    }

    #[test]
    fn a_wish_is_taken_out_of_the_arguments() {
        for (arguments, wish, rest) in [
            (json!({"size": 1}), None, json!({"size": 1})),
            (json!({"include_visual": false, "visual_type": "bar"}), None, json!({})),
            (json!({"include_visual": true}), Some(None), json!({})),
            (json!({"visual_type": "pie"}), Some(Some(Kind::Pie)), json!({})),
            (
                json!({"visual_type": "architecture"}),
                Some(Some(Kind::Architecture)),
                json!({"options": {"include_yaml": true}}),
            ),
            (
                json!({"include_visual": true, "visual_type": "BAR", "size": 1}),
                Some(Some(Kind::Bar)),
                json!({"size": 1}),
            ),
            (
                json!({"options": {"include_visual": true, "visual_type": "flow",
                                   "visual_width": 9, "summary": true}}),
                Some(Some(Kind::Flow)),
                json!({"options": {"summary": true}}),
            ),
        ] {
            let expected = wish.map(|kind| Wish { kind });
            assert_eq!(split(arguments.clone()).unwrap(), (expected, rest), "{arguments}");
        }
        let error = split(json!({"include_visual": true, "visual_type": "pi"})).unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("did you mean \"pie\"?"));
    }

    #[tokio::test]
    async fn charts_stand_beside_results_or_instead_of_their_data() {
        let list = json!({"items": [{"status": "Success", "pipelineIdentifier": "a"}], "total": 1});
        let wish = Wish { kind: None };
        for (operation, wish, drawn, says, keeps) in [
            ("harness.execution.list", Some(&wish), true, true, true),
            ("harness.execution.list", None, false, false, true),
            ("harness.pipeline.list", Some(&wish), false, true, true),
            ("tharsis.run.list", Some(&wish), false, true, true),
            ("harness.visual_bar_chart.get", None, true, true, false),
            ("harness.visual_timeline.get", None, false, true, false),
        ] {
            let mut value = list.clone();
            let image = draw(operation, wish, &mut value, Timestamp(0)).await;
            assert_eq!(image.is_some(), drawn, "{operation}");
            assert_eq!(value.get("items").is_some(), keeps, "{operation}: {value}");
            let said = ["summary", "visual_summary"].iter().any(|name| value[name].is_string());
            assert_eq!(said, says, "{operation}: {value}");
        }
    }
}

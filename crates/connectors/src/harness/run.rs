//! `pipeline.run`: from what a caller knows to the inputs that the pipeline asks for. Input sets
//! are fetched and merged, because the platform ignores the query parameter that names them when
//! inputs come along; what is missing is said before anything is started.

use pilothouse_model::{Error, Result};
use serde_json::{Map, Value, json};

use super::body::read::texts;
use crate::connector::hook::HookContext;
use crate::yaml;

mod codebase;
mod input;
mod merge;

use input::Filled;

/// Most input sets of one run, those inside of others included.
const MAX_INPUT_SETS: usize = 20;
/// Input sets suggested when inputs are missing.
const SUGGESTED: usize = 5;
/// Where the pipeline, and what is fetched for it, is kept.
const PLACE: [&str; 3] = ["store_type", "connector_ref", "repo_name"];

pub(super) async fn run(context: &HookContext<'_>, args: Map<String, Value>) -> Result<Value> {
    let run = Run::read(args)?;
    let document = run.document(context).await?;
    let mut request = run.request;
    if let Some(document) = document {
        request.insert("inputs".to_owned(), json!(document));
    }
    context.call("pipeline.execute", Value::Object(request)).await
}

/// The inputs that a run would start with, for the person who is asked about it. What is missing
/// is refused here, before anybody is asked: also of a run without inputs of its own, which the
/// platform would start and let fail.
pub(super) async fn preview(context: &HookContext<'_>, args: Map<String, Value>) -> Result<Value> {
    let run = Run::read(args)?;
    let document = match run.inputs {
        Inputs::None => {
            let sets = run.sets(context).await?;
            run.filled(context, sets.clone(), &Map::new()).await?;
            if run.has_no_inputs() { None } else { Some(document(&sets)?) }
        }
        _ => run.document(context).await?,
    };
    Ok(json!({ "text": document.unwrap_or_default() }))
}

/// The YAML that a run with these inputs starts with.
fn document(pipeline: &Value) -> Result<String> {
    yaml::render(&json!({ "pipeline": pipeline }))
}

/// Continues a failed execution. What the platform does not continue (it says so by 405) is started
/// anew.
pub(super) async fn retry(context: &HookContext<'_>, args: Map<String, Value>) -> Result<Value> {
    let mut question = args.clone();
    let stated = question.remove("pipeline_id");
    let refusal = match context.call("pipeline.rerun", Value::Object(question.clone())).await {
        Err(error) if error.answered_status() == Some(405) => error,
        other => return other,
    };
    let pipeline = if let Some(pipeline) = stated {
        pipeline
    } else {
        question.remove("module");
        let execution = context.call("execution.get", Value::Object(question)).await?;
        let at = "/pipelineExecutionSummary/pipelineIdentifier";
        execution.pointer(at).cloned().ok_or(refusal)?
    };
    let mut request = args;
    request.remove("execution_id");
    request.insert("pipeline_id".to_owned(), pipeline);
    let mut answer = context.call("pipeline.execute", Value::Object(request)).await?;
    if let Some(fields) = answer.as_object_mut() {
        let note = "this execution cannot be continued, so the pipeline was started anew";
        fields.insert("_note".to_owned(), json!(note));
    }
    Ok(answer)
}

/// What a run was asked to start with.
struct Run {
    /// Arguments of the request that starts it.
    request: Map<String, Value>,
    inputs: Inputs,
    input_sets: Vec<String>,
}

enum Inputs {
    None,
    /// The part of a pipeline that has the inputs in their places, and the YAML that it was, which
    /// is sent as it is.
    Pipeline {
        pipeline: Value,
        text: Option<String>,
    },
    /// By name.
    Flat(Map<String, Value>),
}

impl Run {
    fn read(mut request: Map<String, Value>) -> Result<Self> {
        let body = request.remove("body");
        let mut take = |name: &str| {
            let own = request.remove(name);
            own.or_else(|| body.as_ref()?.get(name).cloned()).filter(|value| !value.is_null())
        };
        let inputs = Inputs::read(take("inputs"))?;
        let input_sets = texts(take("input_set_ids").as_ref());
        if let Some(branch) = take("pipeline_branch") {
            request.insert("pipeline_branch".to_owned(), branch);
        }
        let is_remote = PLACE.iter().any(|name| request.contains_key(*name));
        if let Some(branch) = request.get("branch").cloned().filter(|_| is_remote) {
            request.entry("pipeline_branch").or_insert(branch);
        }
        if input_sets.len() > MAX_INPUT_SETS {
            return Err(Error::limited(format!("input_set_ids: more than {MAX_INPUT_SETS}")));
        }
        Ok(Self { request, inputs, input_sets })
    }

    fn has_no_inputs(&self) -> bool {
        matches!(self.inputs, Inputs::None) && self.input_sets.is_empty()
    }

    /// The YAML that the run starts with, if it needs any.
    async fn document(&self, context: &HookContext<'_>) -> Result<Option<String>> {
        let mut base = self.sets(context).await?;
        let pipeline = match &self.inputs {
            Inputs::Pipeline { pipeline, text } => {
                merge::into(&mut base, pipeline.clone());
                self.filled(context, base.clone(), &Map::new()).await?;
                if let Some(text) = text.as_ref().filter(|_| self.input_sets.is_empty()) {
                    return Ok(Some(text.clone()));
                }
                base
            }
            Inputs::None if self.has_no_inputs() => return Ok(None),
            Inputs::None => base,
            Inputs::Flat(flat) => self.filled(context, base, flat).await?,
        };
        document(&pipeline).map(Some)
    }

    /// What the input sets say together.
    async fn sets(&self, context: &HookContext<'_>) -> Result<Value> {
        let mut together = json!({});
        for fragment in self.fragments(context).await? {
            merge::into(&mut together, fragment);
        }
        Ok(together)
    }

    /// The pipeline's own template of inputs, with values in their places.
    async fn filled(
        &self,
        context: &HookContext<'_>,
        sets: Value,
        flat: &Map<String, Value>,
    ) -> Result<Value> {
        let answer = context.call("runtime_input_template.get", self.place()).await?;
        let text = ["/inputSetTemplateYaml", "/data/inputSetTemplateYaml"]
            .into_iter()
            .find_map(|pointer| answer.pointer(pointer)?.as_str())
            .unwrap_or_default();
        let template = match yaml::parse("the template of runtime inputs", text)? {
            Value::Object(mut document) => document.remove("pipeline").unwrap_or_else(|| json!({})),
            _ => json!({}),
        };
        let mut merged = template.clone();
        merge::into(&mut merged, sets);
        let Filled { names, missing, unknown, refused } = input::fill(&template, &mut merged, flat);
        if let Some(problem) = refused.first() {
            return Err(Error::invalid(format!("inputs: {problem}")));
        }
        if !unknown.is_empty() {
            let error = Error::invalid(format!(
                "inputs: the pipeline does not ask for {}",
                unknown.join(", ")
            ));
            return Err(error.hint(if names.is_empty() {
                "it asks for none".to_owned()
            } else {
                format!("it asks for: {}", names.join(", "))
            }));
        }
        if missing.is_empty() {
            return Ok(merged);
        }
        Err(self.incomplete(context, &missing).await)
    }

    /// Which inputs have no value, and which input sets might have them.
    async fn incomplete(&self, context: &HookContext<'_>, missing: &[String]) -> Error {
        let error = Error::invalid(format!("inputs: no value for {}", missing.join(", ")));
        let mut arguments = self.place();
        arguments["limit"] = json!(SUGGESTED);
        for name in PLACE.iter().chain(&["branch"]) {
            if let Some(fields) = arguments.as_object_mut() {
                fields.remove(*name);
            }
        }
        // The suggestion is an addition: the error stands without it.
        let list = context.call("input_set.list", arguments).await.unwrap_or_default();
        let sets = list.get("items").and_then(Value::as_array).into_iter().flatten();
        let names: Vec<&str> = sets.filter_map(|set| set.get("identifier")?.as_str()).collect();
        let sets = if names.is_empty() {
            String::new()
        } else {
            format!(", or take them from an input set: input_set_ids of {}", names.join(", "))
        };
        let first = match missing[0].as_str() {
            input::BUILD => "{\"branch\": …} (or tag, pr_number, commit_sha)".to_owned(),
            name => format!("{{\"{name}\": …}}"),
        };
        error.hint(format!("pass inputs {first}{sets}"))
    }

    /// The pipeline and where it is kept, as arguments.
    fn place(&self) -> Value {
        let mut place = Map::new();
        for name in ["org_id", "project_id", "pipeline_id"] {
            place.extend(self.request.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        let branch = self.request.get("pipeline_branch").or_else(|| self.request.get("branch"));
        place.extend(branch.map(|branch| ("branch".to_owned(), branch.clone())));
        Value::Object(place)
    }

    /// As [`Run::place`], with the repository: the call's, or that of the code to build.
    fn place_of_input_sets(&self) -> Value {
        let mut place = self.place();
        let Some(fields) = place.as_object_mut() else { return place };
        for name in PLACE {
            fields.extend(self.request.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        if PLACE.iter().all(|name| !fields.contains_key(*name)) {
            for (name, value) in self.inputs.pipeline().map(codebase::place).unwrap_or_default() {
                fields.entry(name).or_insert(value);
            }
        }
        place
    }

    /// The parts of a pipeline that the input sets hold, in order.
    async fn fragments(&self, context: &HookContext<'_>) -> Result<Vec<Value>> {
        let mut fragments = Vec::new();
        let place = self.place_of_input_sets();
        let mut waiting: Vec<String> = self.input_sets.iter().rev().cloned().collect();
        let mut seen = 0;
        while let Some(id) = waiting.pop() {
            seen += 1;
            if seen > MAX_INPUT_SETS {
                return Err(Error::limited(format!("more than {MAX_INPUT_SETS} input sets")));
            }
            let mut arguments = place.clone();
            arguments["input_set_id"] = json!(id);
            let answer = context.call("input_set.get", arguments).await?;
            let text = ["inputSetYaml", "overlayInputSetYaml"]
                .into_iter()
                .find_map(|name| answer.get(name)?.as_str())
                .ok_or_else(|| Error::upstream(format!("input set {id:?} has no YAML")))?;
            let document = yaml::parse(&format!("input set {id:?}"), text)?;
            if let Some(pipeline) = document.pointer("/inputSet/pipeline") {
                fragments.push(pipeline.clone());
            }
            let inner = texts(document.pointer("/overlayInputSet/inputSetReferences"));
            waiting.extend(inner.into_iter().rev());
        }
        Ok(fragments)
    }
}

impl Inputs {
    /// The part of a pipeline that they are, as far as they are one.
    fn pipeline(&self) -> Option<&Value> {
        match self {
            Self::Pipeline { pipeline, .. } => Some(pipeline),
            Self::Flat(_) | Self::None => None,
        }
    }

    fn read(inputs: Option<Value>) -> Result<Self> {
        let (inputs, text) = match inputs {
            Some(Value::String(text)) if !text.trim().is_empty() => {
                let is_json = text.trim_start().starts_with('{');
                (Some(yaml::parse("inputs", &text)?), Some(text).filter(|_| !is_json))
            }
            Some(Value::String(_)) => (None, None),
            other => (other, None),
        };
        let fields = match inputs {
            None => return Ok(Self::None),
            Some(Value::Object(fields)) => fields,
            Some(_) => {
                return Err(Error::invalid("inputs: neither an object nor YAML of one")
                    .hint("pass {\"name\": value}, or the YAML of a pipeline's inputs as text"));
            }
        };
        Ok(match fields.get("pipeline") {
            Some(pipeline) if pipeline.is_object() => {
                Self::Pipeline { pipeline: pipeline.clone(), text }
            }
            _ if fields.is_empty() => Self::None,
            _ => Self::Flat(fields),
        })
    }
}

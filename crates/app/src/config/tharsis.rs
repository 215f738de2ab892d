//! The switches of the Tharsis MCP server that ours replaces, under its own names.

use super::{
    parse,
    reader::Reader,
    setting::{Group, Setting},
};

#[derive(Clone, Debug)]
pub struct Tharsis {
    /// Offered toolsets; empty means all.
    pub toolsets: Vec<String>,
    /// Offered beside the toolsets.
    pub tools: Vec<String>,
    pub read_only: bool,
}

const TOOLSETS: Setting = Setting::new(
    "tharsis.toolsets",
    "THARSIS_MCP_ENABLED_TOOLSETS",
    "toolset names separated by commas",
    "Toolsets that the tharsis surface offers; empty offers all.",
)
.aliases(&["THARSIS_MCP_TOOLSETS"]);
const TOOLS: Setting = Setting::new(
    "tharsis.tools",
    "THARSIS_MCP_ENABLED_TOOLS",
    "tool names separated by commas",
    "Tools that the tharsis surface offers beside the toolsets.",
)
.aliases(&["THARSIS_MCP_TOOLS"]);
const READ_ONLY: Setting = Setting::new(
    "tharsis.read_only",
    "THARSIS_MCP_READ_ONLY",
    "true or false",
    "Refuses every write of the tharsis surface.",
);

pub(super) static GROUP: Group = Group {
    title: "Tharsis",
    about: "The names of the server that the tharsis surface replaces.",
    settings: &[&TOOLSETS, &TOOLS, &READ_ONLY],
};

impl Tharsis {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let toolsets = reader.required(&TOOLSETS, |text| Some(parse::words(text)));
        let tools = reader.required(&TOOLS, |text| Some(parse::words(text)));
        let read_only = reader.required(&READ_ONLY, parse::flag);
        Some(Self { toolsets: toolsets?, tools: tools?, read_only: read_only? })
    }
}

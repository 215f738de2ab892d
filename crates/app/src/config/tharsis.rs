//! The switches of the Tharsis MCP server that ours replaces, under its own names.

use pilothouse_connectors::tharsis::TharsisConfig;
use secrecy::SecretString;

use super::{
    certificate, parse,
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
    /// A Tharsis installation to connect to, beside the embedded platform.
    pub remote: Option<TharsisConfig>,
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

const ENDPOINT: Setting = Setting::new(
    "tharsis.endpoint",
    "THARSIS_ENDPOINT",
    "an https address, for instance https://tharsis.example.com",
    "A Tharsis installation. The tharsis surface then means it; its instance is called remote.",
);
const GRPC_ENDPOINT: Setting = Setting::new(
    "tharsis.grpc_endpoint",
    "THARSIS_GRPC_ENDPOINT",
    "an https address",
    "Where its gRPC is served, if elsewhere.",
);
const TOKEN: Setting = Setting::new(
    "tharsis.static_token",
    "THARSIS_STATIC_TOKEN",
    "a token of that installation",
    "What Pilothouse shows it.",
)
.secret();
const CLIENT_ID: Setting = Setting::new(
    "tharsis.client_id",
    "THARSIS_CLIENT_ID",
    "the id of a service account of that installation",
    "With the secret, what Pilothouse exchanges for a token there, instead of a token of its own.",
);
const CLIENT_SECRET: Setting = Setting::new(
    "tharsis.client_secret",
    "THARSIS_CLIENT_SECRET",
    "the secret of that service account",
    "Goes with the client id.",
)
.secret();
const CA_FILE: Setting = Setting::new(
    "tharsis.ca_file",
    "THARSIS_CA_FILE",
    "a PEM file",
    "Certificate authorities to trust beside the well-known ones.",
);
const ALLOW_PLAINTEXT: Setting = Setting::new(
    "tharsis.allow_plaintext",
    "THARSIS_ALLOW_PLAINTEXT",
    "true or false",
    "Admits an http address on another machine.",
);

pub(super) static GROUP: Group = Group {
    title: "Tharsis",
    about: "The names of the server that the tharsis surface replaces, and the installation it \
            connects to. Without one it is the embedded platform.",
    settings: &[
        &TOOLSETS,
        &TOOLS,
        &READ_ONLY,
        &ENDPOINT,
        &GRPC_ENDPOINT,
        &TOKEN,
        &CLIENT_ID,
        &CLIENT_SECRET,
        &CA_FILE,
        &ALLOW_PLAINTEXT,
    ],
};

impl Tharsis {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let toolsets = reader.required(&TOOLSETS, |text| Some(parse::words(text)));
        let tools = reader.required(&TOOLS, |text| Some(parse::words(text)));
        let read_only = reader.required(&READ_ONLY, parse::flag);
        let remote = remote(reader);
        Some(Self { toolsets: toolsets?, tools: tools?, read_only: read_only?, remote })
    }
}

/// The installation to connect to, if one is named.
fn remote(reader: &mut Reader<'_>) -> Option<TharsisConfig> {
    let text = |text: &str| Some(text.to_owned());
    let grpc_endpoint = reader.optional(&GRPC_ENDPOINT, text);
    let token: Option<SecretString> = reader.optional(&TOKEN, parse::secret);
    let client = client(reader, token.is_some());
    let certificate_authority = certificate::authority(reader, &CA_FILE);
    let allow_plaintext = reader.required(&ALLOW_PLAINTEXT, parse::flag)?;
    let endpoint = reader.optional(&ENDPOINT, text)?;
    Some(TharsisConfig {
        endpoint,
        grpc_endpoint,
        token,
        client,
        certificate_authority,
        allow_plaintext,
    })
}

/// The service account, which takes an id, a secret, and no token beside them.
fn client(reader: &mut Reader<'_>, has_token: bool) -> Option<(String, SecretString)> {
    let id = reader.optional(&CLIENT_ID, |text| Some(text.to_owned()));
    let secret: Option<SecretString> = reader.optional(&CLIENT_SECRET, parse::secret);
    let (named, hidden) = (CLIENT_ID.variable, CLIENT_SECRET.variable);
    match (id, secret) {
        (Some(_), Some(_)) if has_token => {
            let token = TOKEN.variable;
            reader.problems.add(format!("{token} and {named} exclude each other; keep one"));
            None
        }
        (Some(id), Some(secret)) => Some((id, secret)),
        (Some(_), None) => {
            reader.problems.add(format!("{named} is set and {hidden} is not"));
            None
        }
        (None, Some(_)) => {
            reader.problems.add(format!("{hidden} is set and {named} is not"));
            None
        }
        (None, None) => None,
    }
}

//! A request as the parts of the practice server read it.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, Method, header::HOST, request::Parts};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::form_urlencoded;

use super::{ACCOUNT, ORG, PROJECT, refusal::Refusal};

pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) path: String,
    query: BTreeMap<String, String>,
    headers: HeaderMap,
    /// Null when the body is empty or no JSON.
    pub(super) json: Value,
    pub(super) text: String,
}

impl Ask {
    pub(super) fn new(parts: &Parts, body: &[u8]) -> Self {
        let query = parts.uri.query().unwrap_or_default();
        Self {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: parts.headers.clone(),
            json: serde_json::from_slice(body).unwrap_or_default(),
            text: String::from_utf8_lossy(body).into_owned(),
        }
    }

    /// The key and the account must be this server's.
    pub(super) fn admitted(&self) -> Result<(), Refusal> {
        let key = self.headers.get("x-api-key").and_then(|key| key.to_str().ok());
        let known = key.and_then(|key| key.split('.').nth(1)) == Some(ACCOUNT);
        if !known {
            return Err(Refusal::new(401, "INVALID_TOKEN", "Token is not valid or has expired"));
        }
        match self.query("accountIdentifier") {
            Some(account) if account != ACCOUNT => {
                let message = format!("Not authorized to access account {account}");
                Err(Refusal::new(403, "ACCESS_DENIED", message))
            }
            _ => Ok(()),
        }
    }

    /// The decoded segments of the path.
    pub(super) fn segments(&self) -> Vec<String> {
        let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        self.path.split('/').filter(|part| !part.is_empty()).map(decode).collect()
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// A number from the query or, for the APIs that page in the body, from there.
    pub(super) fn number(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| {
            let stated = self.query(name).and_then(|text| text.parse().ok());
            stated.or_else(|| usize::try_from(self.json.get(name)?.as_u64()?).ok())
        })
    }

    /// The words a list is searched for, in lower case.
    pub(super) fn search(&self) -> Option<String> {
        let stated = ["searchTerm", "name", "query"].iter().find_map(|name| self.query(name));
        stated.or_else(|| self.json.get("searchTerm")?.as_str()).map(str::to_lowercase)
    }

    pub(super) fn org(&self) -> &str {
        self.query("orgIdentifier").unwrap_or(ORG)
    }

    pub(super) fn project(&self) -> &str {
        self.query("projectIdentifier").unwrap_or(PROJECT)
    }

    /// The address under which the client knows this server.
    pub(super) fn origin(&self) -> String {
        let host = self.headers.get(HOST).and_then(|host| host.to_str().ok());
        format!("http://{}", host.unwrap_or("localhost"))
    }
}

//! A browser without a window: it keeps its cookie and fills in forms.

use pilothouse_testkit::TestApp;
use reqwest::{Response, redirect::Policy};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

/// The example of RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const CALLBACK: &str = "http://127.0.0.1:5555/callback";

pub(crate) struct Browser {
    pub(crate) app: TestApp,
    pub(crate) http: reqwest::Client,
    cookie: std::sync::Mutex<Option<String>>,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(variables: &[(&str, &str)]) -> Self {
        let app = TestApp::start(variables).await;
        let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        Self { app, http, cookie: std::sync::Mutex::default() }
    }

    /// Makes the first account, which signs in.
    pub(crate) async fn set_up(&self) {
        self.set_up_with(PASSWORD).await;
    }

    pub(crate) async fn set_up_with(&self, password: &str) {
        let url = self.app.running().setup_url.clone().unwrap();
        let page = self.get(&url).await.text().await.unwrap();
        let secret = url.split_once("secret=").unwrap().1;
        let form = [("name", "jo"), ("password", password), ("secret", secret)];
        let done = self.submit("/oauth/setup", &page, &form).await;
        assert_eq!(done.status(), 303);
    }

    pub(crate) async fn get(&self, url: &str) -> Response {
        self.kept(self.with_cookie(self.http.get(url)).send().await.unwrap())
    }

    /// Sends a form with the token that stands in `page`.
    pub(crate) async fn submit(&self, path: &str, page: &str, form: &[(&str, &str)]) -> Response {
        let csrf = hidden(page, "csrf");
        let form: Vec<_> = form.iter().copied().chain([("csrf", csrf.as_str())]).collect();
        let request = self.post(path, &form);
        self.kept(self.with_cookie(request).send().await.unwrap())
    }

    /// A form, to send.
    pub(crate) fn post(&self, path: &str, form: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.http.post(self.app.url(path)).body(body);
        request.header("content-type", "application/x-www-form-urlencoded")
    }

    fn with_cookie(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &*self.cookie.lock().unwrap() {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    fn kept(&self, response: Response) -> Response {
        if let Some(set) = response.headers().get("set-cookie") {
            let set = set.to_str().unwrap();
            assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
            *self.cookie.lock().unwrap() = set.split(';').next().map(str::to_owned);
        }
        response
    }

    /// Registers a public client and gives its id.
    pub(crate) async fn register(&self) -> String {
        let metadata =
            json!({"client_name": "Claude <b>", "redirect_uris": ["http://127.0.0.1/callback"]});
        let answer = self.http.post(self.app.url("/oauth/register")).json(&metadata).send().await;
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 201);
        let answer: Value = answer.json().await.unwrap();
        answer["client_id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn authorize_url(&self, client: &str, change: &[(&str, &str)]) -> String {
        let resource = self.app.url("/mcp");
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", CALLBACK),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("scope", "mcp:read offline_access"),
            ("state", "s t"),
            ("resource", &resource),
        ];
        for (name, value) in change {
            pairs.retain(|(own, _)| own != name);
            if !value.is_empty() {
                pairs.push((name, value));
            }
        }
        Url::parse_with_params(&self.app.url("/oauth/authorize"), pairs).unwrap().into()
    }

    /// Says yes on the consent page and gives the code that the client gets.
    pub(crate) async fn consent(&self, url: &str) -> String {
        let page = self.get(url).await;
        assert_eq!(page.status(), 200);
        let page = page.text().await.unwrap();
        let query = url.split_once('?').unwrap().1;
        let form = [("request", query), ("answer", "allow")];
        let done = self.submit("/oauth/authorize", &page, &form).await;
        assert_eq!(done.status(), 303);
        let to = Url::parse(done.headers()["location"].to_str().unwrap()).unwrap();
        let value = |name: &str| {
            to.query_pairs().find(|(own, _)| own == name).map(|(_, value)| value.into_owned())
        };
        assert_eq!(value("state").as_deref(), Some("s t"));
        assert_eq!(value("iss"), Some(self.app.url("")));
        value("code").unwrap()
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let answer = self.post("/oauth/token", form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Exchanges a code as its client does.
    pub(crate) async fn exchange(&self, client: &str, code: &str) -> (u16, Value) {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    /// Refreshes as a client does.
    pub(crate) async fn refresh(&self, client: &str, token: &Value) -> (u16, Value) {
        let token = token.as_str().unwrap();
        self.token(&[
            ("grant_type", "refresh_token"),
            ("client_id", client),
            ("refresh_token", token),
        ])
        .await
    }

    /// The status and challenge of a tool call with this token.
    pub(crate) async fn call(&self, token: &str, tool: &str, arguments: Value) -> (u16, String) {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": tool,
            "arguments": arguments,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        }});
        let answer = self
            .http
            .post(self.app.url("/mcp"))
            .bearer_auth(token)
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", tool)
            .json(&message)
            .send()
            .await
            .unwrap();
        let challenge = answer.headers().get("www-authenticate");
        let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), challenge.unwrap_or_default())
    }

    /// The status of a read with this token.
    pub(crate) async fn read(&self, token: &str) -> u16 {
        self.call(token, "infra_describe", json!({})).await.0
    }
}

/// The value of a hidden field.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let rest = page.split_once(&mark).map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or_default().to_owned()
}

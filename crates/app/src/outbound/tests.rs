//! Addresses that lead where they may, and those that do not.

use std::{collections::VecDeque, sync::Mutex};

use axum::{Router, routing::get};

use super::*;

/// Answers in this order; then it knows nothing.
#[derive(Default)]
struct Names(Mutex<VecDeque<Vec<IpAddr>>>);

impl Names {
    fn saying(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(parse).collect())))
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[async_trait]
impl Lookup for Names {
    async fn lookup(&self, _name: &str) -> std::io::Result<Vec<IpAddr>> {
        let answer = self.0.lock().unwrap().pop_front();
        answer.ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }
}

async fn problem(outbound: &Outbound, url: &str) -> String {
    federation::Fetch::get(outbound, &url.parse().unwrap(), 1000).await.unwrap_err().message
}

#[tokio::test]
async fn strangers_do_not_reach_this_network_through_us() {
    let outbound = Outbound::new(&[]);
    for (url, problem_is) in [
        ("http://issuer.example/keys", "not an https address"),
        ("ftp://issuer.example/keys", "not an https address"),
        ("https://127.0.0.1/keys", "private"),
        ("https://169.254.169.254/latest/meta-data", "private"),
        ("https://[::ffff:10.0.0.1]/keys", "private"),
        ("https://[64:ff9b::a00:1]/keys", "private"),
        ("https://2130706433/keys", "private"),
        ("https://localhost/keys", "private"),
    ] {
        let problem = problem(&outbound, url).await;
        assert!(problem.contains(problem_is), "{url}: {problem}");
    }
}

#[tokio::test]
async fn hosts_that_the_operator_named_may_be_private_and_are_bounded_all_the_same() {
    use axum::{Router, response::Redirect, routing::get};
    let routes = Router::new()
        .route("/small", get(|| async { "x".repeat(1000) }))
        .route("/large", get(|| async { "x".repeat(1001) }))
        .route("/away", get(|| async { Redirect::to("/small") }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, routes).await });
    let outbound = Outbound::new(&["127.0.0.1".to_owned()]);
    let at = |path: &str| format!("http://{address}{path}");
    let small: Url = at("/small").parse().unwrap();
    assert_eq!(federation::Fetch::get(&outbound, &small, 1000).await.unwrap().len(), 1000);
    assert!(problem(&outbound, &at("/large")).await.contains("more than 1000 bytes"));
    assert!(problem(&outbound, &at("/away")).await.contains("303"));
    assert!(problem(&outbound, &at("/gone")).await.contains("404"));
    server.abort();
}

async fn fetch(names: &Arc<Names>, private: &str, url: &str) -> Result<Fetched, Error> {
    let outbound = Outbound::with(Arc::clone(names) as Arc<dyn Lookup>, &[private.to_owned()]);
    document::Fetch::fetch(&outbound, &Url::parse(url).unwrap(), 1000).await
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_followed() {
    for answer in [
        &["127.0.0.1"][..],
        &["10.0.0.1"],
        &["169.254.169.254"],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["2002:7f00:1::"],
        &["fd00::1"],
        &["fe80::1"],
        &["1.1.1.1", "127.0.0.1"],
    ] {
        let names = Names::saying(&[answer]);
        let url = "https://client.example/client.json";
        let error = fetch(&names, "other.example", url).await.unwrap_err();
        assert!(error.message.contains("its address is private"), "{answer:?}: {}", error.message);
    }
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_used() {
    let cached = || async { ([(CACHE_CONTROL, "public, max-age=90"), (AGE, "30")], "{}") };
    let router = Router::new().route("/client.json", get(cached));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let url = format!("http://client.example:{port}/client.json");
    // A second question would be answered with an address where nobody listens.
    let names = Names::saying(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let found = fetch(&names, "client.example", &url).await.unwrap();
    assert_eq!((found.body.as_slice(), found.fresh), (&b"{}"[..], Some(Duration::from_mins(1))));
    assert_eq!(names.left(), 1, "asked once");
    // Each document asks again, so a name that changed does not lead inside by an old connection.
    let changed = Names::saying(&[&["10.0.0.1"]]);
    let url = "https://client.example/client.json";
    assert!(fetch(&changed, "other.example", url).await.is_err());
    assert_eq!(changed.left(), 0);
    server.abort();
}

#[test]
fn a_server_says_how_long_its_answer_is_good_for() {
    for (control, age, expected) in [
        (None, None, None),
        (Some("public"), None, None),
        (Some("max-age=60"), None, Some(60)),
        (Some("Public, Max-Age=60"), Some("20"), Some(40)),
        (Some("max-age=60"), Some("90"), Some(0)),
        (Some("max-age=60, no-store"), None, Some(0)),
        (Some("no-cache"), None, Some(0)),
        (Some("max-age=x"), None, None),
    ] {
        let mut headers = HeaderMap::new();
        for (name, value) in [(CACHE_CONTROL, control), (AGE, age)] {
            headers.extend(value.map(|value| (name, value.parse().unwrap())));
        }
        assert_eq!(fresh(&headers), expected.map(Duration::from_secs), "{control:?} {age:?}");
    }
}

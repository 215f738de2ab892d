//! Names that lead where they may, and names that do not.

use std::{collections::VecDeque, sync::Mutex};

use axum::{Router, body::Body, http::Response, routing::get};
use tokio::net::TcpListener;

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

/// A server on this machine; gives its port.
async fn server() -> u16 {
    let large = || async { "x".repeat(MOST_BYTES + 1) };
    let moved = || async {
        let answer = Response::builder().status(302).header("location", "/client.json");
        answer.body(Body::empty()).unwrap()
    };
    let cached = || async { ([(CACHE_CONTROL, "public, max-age=90"), (AGE, "30")], "{}") };
    let router = Router::new()
        .route("/client.json", get(cached))
        .route("/large", get(large))
        .route("/moved", get(moved))
        .route("/silent", get(std::future::pending::<()>));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

async fn fetch(names: &Arc<Names>, reach: Reach, url: &str) -> Result<Fetched, Error> {
    let lookup: Arc<dyn Lookup> = Arc::clone(names) as _;
    Stranger::with(lookup, reach).fetch(&Url::parse(url).unwrap()).await
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_followed() {
    let port = server().await;
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
        let url = format!("https://client.example:{port}/client.json");
        let error = fetch(&names, Reach::Public, &url).await.unwrap_err();
        let source = format!("{:?}", error.source);
        assert!(source.contains("not public"), "{answer:?}: {source}");
        assert!(!error.message.contains(answer[0]), "{}", error.message);
    }
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_used() {
    let port = server().await;
    let url = format!("http://client.example:{port}/client.json");
    // A second question would be answered with another address.
    let names = Names::saying(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let found = fetch(&names, Reach::Loopback, &url).await.unwrap();
    assert_eq!((found.body.as_slice(), found.fresh), (&b"{}"[..], Some(Duration::from_mins(1))));
    assert_eq!(names.left(), 1, "asked once");
    let error = fetch(&names, Reach::Loopback, &url).await.unwrap_err();
    assert!(format!("{:?}", error.source).contains("not public"), "{error:?}");
}

#[tokio::test]
async fn plain_http_is_for_development_only() {
    let port = server().await;
    let names = Names::saying(&[&["127.0.0.1"]]);
    let url = format!("http://127.0.0.1:{port}/client.json");
    assert!(fetch(&names, Reach::Public, &url).await.is_err());
    assert!(fetch(&names, Reach::Loopback, &url).await.is_ok(), "no name to resolve");
}

#[tokio::test]
async fn answers_are_bounded_and_lead_nowhere_else() {
    let port = server().await;
    for (path, expected) in [
        ("large", "more than 16384 bytes"),
        ("moved", "302"),
        ("nothing", "404"),
        ("silent", "in time"),
    ] {
        let names = Names::saying(&[&["127.0.0.1"]]);
        let url = format!("http://client.example:{port}/{path}");
        let error = fetch(&names, Reach::Loopback, &url).await.unwrap_err();
        assert!(error.message.contains(expected), "{path}: {}", error.message);
    }
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

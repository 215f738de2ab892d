//! GitHub tokens: GitHub says whose they are, a GitOps repository what that login may do.

use std::sync::Arc;

use async_trait::async_trait;
use pilothouse_access::github::{Answers, Tenants, is_token, principal};
use pilothouse_model::{Caller, Error, Grant, Namespace, Role, Timestamp};
use reqwest::{StatusCode, header};
use serde::Deserialize;
use tokio::sync::Semaphore;
use url::Url;

use super::{Credential, Presented, Refused};
use crate::{config, outbound, web};

/// Questions to GitHub at the same time.
const MAX_QUESTIONS: usize = 16;
/// Largest answer, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Asks GitHub and remembers its answers for a minute.
pub(crate) struct GitHub {
    client: reqwest::Client,
    user: Url,
    answers: Answers,
    questions: Semaphore,
    tenants: Option<Arc<Tenants>>,
    admins: Vec<String>,
}

/// What matters of GitHub's answer.
#[derive(Deserialize)]
struct User {
    login: String,
}

impl GitHub {
    pub(crate) fn new(config: &config::GitHub) -> Result<Self, Error> {
        let client = web::client().build().map_err(Error::internal)?;
        let base = config.api_url.as_str().trim_end_matches('/');
        Ok(Self {
            client,
            user: format!("{base}/user").parse().map_err(Error::internal)?,
            answers: Answers::default(),
            questions: Semaphore::new(MAX_QUESTIONS),
            tenants: config.repository.as_deref().map(|path| Arc::new(Tenants::new(path))),
            admins: config.admins.clone(),
        })
    }

    /// The caller that a token of GitHub's proves at `now`.
    async fn identify(&self, token: &str, now: Timestamp) -> Result<Caller, Refused> {
        let login = if let Some(answer) = self.answers.get(token, now) {
            answer
        } else {
            let login = self.ask(token).await?;
            self.answers.keep(token, login.as_deref(), now);
            login.map(Arc::from)
        };
        let Some(login) = login else {
            return Err(Refused::invalid("GitHub does not accept the token"));
        };
        Ok(Caller::new(principal(&login)).granted(self.grants(&login, now).await?))
    }

    /// The login, or nothing when GitHub does not accept the token.
    async fn ask(&self, token: &str) -> Result<Option<String>, Error> {
        let failed = |why: String| Error::unavailable(format!("GitHub cannot be asked: {why}"));
        let _one = self.questions.acquire().await.map_err(Error::internal)?;
        let request = self
            .client
            .get(self.user.clone())
            .bearer_auth(token)
            .header(header::ACCEPT, "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28");
        let response = request.send().await.map_err(|error| failed(outbound::reason(&error)))?;
        match response.status() {
            StatusCode::OK => {
                let body = web::body(response, MAX_ANSWER).await;
                let body = body.map_err(|error| failed(error.message))?;
                let user: User = serde_json::from_slice(&body)
                    .map_err(|_| failed("its answer names no login".to_owned()))?;
                Ok(Some(user.login))
            }
            StatusCode::FORBIDDEN if is_limited(&response) => {
                Err(failed("its rate limit is used up".to_owned()))
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Ok(None),
            status => Err(failed(format!("it answered {status}"))),
        }
    }

    /// What the login alone is granted.
    async fn grants(&self, login: &str, now: Timestamp) -> Result<Vec<Grant>, Error> {
        if self.admins.iter().any(|admin| admin.eq_ignore_ascii_case(login)) {
            let (subject, namespace) = (principal(login).id.into(), Namespace::everything());
            return Ok(vec![Grant { subject, namespace, role: Role::Owner }]);
        }
        let Some(tenants) = self.tenants.clone() else { return Ok(Vec::new()) };
        let login = login.to_owned();
        let read = tokio::task::spawn_blocking(move || tenants.grants(&login, now));
        read.await.map_err(Error::internal)?
    }
}

fn is_limited(response: &reqwest::Response) -> bool {
    let left = response.headers().get("x-ratelimit-remaining");
    left.is_some_and(|left| left == "0") || response.headers().contains_key(header::RETRY_AFTER)
}

#[async_trait]
impl Credential for GitHub {
    async fn caller(&self, presented: &Presented<'_>) -> Result<Option<Caller>, Refused> {
        match presented.token.filter(|token| is_token(token)) {
            Some(token) => self.identify(token, Timestamp::now()).await.map(Some),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;

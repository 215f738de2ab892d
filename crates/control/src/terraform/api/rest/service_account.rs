//! What callers may ask of a service account that Tharsis' gRPC has no method for.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::Extensions,
};
use pilothouse_model::{Error, Timestamp, id::ResourceType};
use serde::{Deserialize, Serialize};

use super::Door;
use crate::terraform::{
    api::{failure::Failure, gate::Subject},
    reference::gid,
    service::service_account::{ServiceAccountChange, Shown, trn},
};

/// An account after the change; `ServiceAccounts.GetServiceAccountByID` tells more.
#[derive(Debug, Serialize)]
pub(super) struct AccountView {
    id: String,
    trn: String,
    disabled: bool,
    client_secret_expires_at: Option<String>,
    /// This once.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// Days until the new secret ends; as many as allowed when absent.
    days: Option<u16>,
}

fn view(shown: Shown) -> Json<AccountView> {
    Json(AccountView {
        id: gid(ResourceType::ServiceAccount, &shown.account.meta.id),
        trn: trn(&shown.account),
        disabled: shown.account.disabled,
        client_secret_expires_at: shown.secret_expires_at.map(|at| at.to_string()),
        client_secret: shown.client_secret,
    })
}

/// The body is empty or `{"days": 30}`.
pub(super) async fn rotate(
    State(gate): Door,
    Path(id): Path<String>,
    extensions: Extensions,
    body: Bytes,
) -> Result<Json<AccountView>, Failure> {
    let subject = Subject::ServiceAccount(&id);
    let platform = gate.enter(&extensions, "service_account.rotate", subject).await?;
    let Rotation { days } = match &body[..] {
        b"" => Rotation::default(),
        text => serde_json::from_slice(text).map_err(|error| {
            Error::invalid(format!("the body is neither empty nor {{\"days\": 30}}: {error}"))
        })?,
    };
    let now: Timestamp = platform.now();
    let lifetime = |days| std::time::Duration::from_hours(24 * u64::from(days));
    let change = ServiceAccountChange {
        rotate: true,
        secret_expires_at: days.map(|days| now.after(lifetime(days))),
        ..ServiceAccountChange::default()
    };
    Ok(view(platform.service_account_update(&platform.caller, &id, change).await?))
}

pub(super) async fn disable(
    State(gate): Door,
    Path(id): Path<String>,
    extensions: Extensions,
) -> Result<Json<AccountView>, Failure> {
    let subject = Subject::ServiceAccount(&id);
    let platform = gate.enter(&extensions, "service_account.disable", subject).await?;
    let change = ServiceAccountChange { disabled: Some(true), ..ServiceAccountChange::default() };
    Ok(view(platform.service_account_update(&platform.caller, &id, change).await?))
}

pub(super) async fn enable(
    State(gate): Door,
    Path(id): Path<String>,
    extensions: Extensions,
) -> Result<Json<AccountView>, Failure> {
    let subject = Subject::ServiceAccount(&id);
    let platform = gate.enter(&extensions, "service_account.enable", subject).await?;
    let change = ServiceAccountChange { disabled: Some(false), ..ServiceAccountChange::default() };
    Ok(view(platform.service_account_update(&platform.caller, &id, change).await?))
}

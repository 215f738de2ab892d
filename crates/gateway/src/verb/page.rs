//! The address of one of Harness' own pages, in place of the arguments that it holds.

use pilothouse_connectors::harness::address::{self, Named};
use pilothouse_model::Error;
use serde_json::{Map, Value, json};

use super::{Reach, take_text};

/// What an address says; a call's own arguments win over all of it.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) type_name: Option<String>,
    /// What its arguments leave out is not below this level.
    pub(super) level: Option<&'static str>,
    /// Of the thing that the page is about.
    pub(super) id: Option<Value>,
    /// For operations that take them; others do without.
    pub(super) arguments: Map<String, Value>,
}

/// Takes `url` out of the arguments of a tool.
///
/// # Errors
/// When nothing else says what is meant and the address does not, or when it is of an account that
/// this installation is not.
pub(super) fn take(reach: Reach<'_>, arguments: &mut Map<String, Value>) -> Result<Page, Error> {
    let Some(text) = take_text(arguments, "url").filter(|text| !text.trim().is_empty()) else {
        return Ok(Page::default());
    };
    let says_type = arguments.contains_key("resource_type");
    let named = address::named(&text);
    let Some(named) = named.filter(|named| says_type || named.resource_type.is_some()) else {
        if says_type {
            return Ok(Page::default());
        }
        return Err(Error::invalid("url: no page of Harness that is known has this address").hint(
            "copy the address of a thing's own page, or pass resource_type and resource_id",
        ));
    };
    check_account(reach, &named)?;
    let is_left_out = named.account_id.as_deref().is_some_and(is_left_out);
    let level = named.level().filter(|level| !(is_left_out && *level == "account"));
    let Named { resource_type, id, arguments, .. } = named;
    Ok(Page { type_name: resource_type, level, id: id.map(|id| json!(id)), arguments })
}

/// Addresses are written with dots in place of the account where it does not matter.
fn is_left_out(account: &str) -> bool {
    account.chars().all(|c| matches!(c, '.' | '…'))
}

/// An address of another account would name something else here.
fn check_account(reach: Reach<'_>, named: &Named) -> Result<(), Error> {
    let own = reach.home.and_then(|home| home.connector().defaults().account.as_deref());
    match (own, named.account_id.as_deref().filter(|account| !is_left_out(account))) {
        (Some(own), Some(other)) if own != other => {
            Err(Error::invalid(format!("url: the page is of account {other:?}"))
                .hint(format!("this server works in account {own:?}")))
        }
        _ => Ok(()),
    }
}

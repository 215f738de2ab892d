//! The operator's token, from the file in the data directory.

use async_trait::async_trait;
use pilothouse_access::token::AdminToken;
use pilothouse_model::Caller;

use super::{Credential, Presented, Refused};

#[async_trait]
impl Credential for AdminToken {
    async fn caller(&self, presented: &Presented<'_>) -> Result<Option<Caller>, Refused> {
        Ok(presented.token.and_then(|token| self.verify(token)).map(Caller::new))
    }
}

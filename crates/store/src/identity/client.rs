//! OAuth clients that are known by more than a metadata document of their own.

use pilothouse_model::Timestamp;

use crate::{
    Result, Store,
    dialect::{execute, run},
    text::stored_word,
};

/// The most rows that one call of [`Store::client_list`] returns.
pub const CLIENT_LIST_CAP: u32 = 1000;

/// How a client became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// An operator made it.
    Configured,
    /// It registered itself, and is forgotten unless a person consents to it.
    Dynamic,
    /// It is described at the address that its id is.
    Document,
}

impl ClientKind {
    pub const ALL: [Self; 3] = [Self::Configured, Self::Dynamic, Self::Document];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Dynamic => "dynamic",
            Self::Document => "document",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub id: String,
    pub kind: ClientKind,
    /// JSON text; only `access` knows what is in it.
    pub metadata: String,
    /// The hash of its secret, if it has one.
    pub secret: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
}

/// Registered clients are bounded in number; `$7` is the bound on the kind `$2`.
const CREATE: &str = "
    INSERT INTO oauth_client (id, kind, metadata, secret, created_at, expires_at)
    SELECT $1, $2, $3, $4, $5, $6
    WHERE (SELECT COUNT(*) FROM oauth_client WHERE kind = $2) < $7";

/// As [`CREATE`]; one that is there already says something new of itself.
const SAVE: &str = "
    INSERT INTO oauth_client (id, kind, metadata, secret, created_at, expires_at)
    SELECT $1, $2, $3, $4, $5, $6
    WHERE (SELECT COUNT(*) FROM oauth_client WHERE kind = $2 AND id <> $1) < $7
    ON CONFLICT (id) DO UPDATE SET metadata = excluded.metadata, expires_at = excluded.expires_at";

const GET: &str = "
    SELECT id, kind, metadata, secret, created_at, expires_at FROM oauth_client
    WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2)";

const LIST: &str = "
    SELECT id, kind, metadata, secret, created_at, expires_at FROM oauth_client
    ORDER BY id LIMIT $1";

const EXTEND: &str = "UPDATE oauth_client SET expires_at = $2 WHERE id = $1 AND expires_at < $2";

const DELETE: &str = "DELETE FROM oauth_client WHERE id = $1";

const FORGET: &str = "
    DELETE FROM oauth_client WHERE id =
        (SELECT id FROM oauth_client WHERE kind = $1 AND expires_at <= $2
         ORDER BY expires_at, id LIMIT 1)";

const PURGE: &str = "DELETE FROM oauth_client WHERE expires_at < $1";

impl Store {
    /// False when there are `most` clients of this kind already.
    pub async fn client_create(&self, client: &Client, most: u32) -> Result<bool> {
        self.client_write(CREATE, client, most).await
    }

    /// Makes a client, or gives it other metadata and another end; false when there are `most`
    /// others of this kind.
    pub async fn client_save(&self, client: &Client, most: u32) -> Result<bool> {
        self.client_write(SAVE, client, most).await
    }

    async fn client_write(
        &self,
        statement: &'static str,
        client: &Client,
        most: u32,
    ) -> Result<bool> {
        Ok(execute!(
            self.write(),
            sqlx::query(statement)
                .bind(&client.id)
                .bind(client.kind.as_str())
                .bind(&client.metadata)
                .bind(&client.secret)
                .bind(client.created_at.0)
                .bind(client.expires_at.map(|at| at.0))
                .bind(i64::from(most))
        )? == 1)
    }

    /// The client, unless it has expired.
    pub async fn client_get(&self, id: &str, now: Timestamp) -> Result<Option<Client>> {
        let row: Option<Row> = run!(self.read(), |db| {
            sqlx::query_as(GET).bind(id).bind(now.0).fetch_optional(db).await
        })?;
        row.map(into_client).transpose()
    }

    /// All clients by id, at most [`CLIENT_LIST_CAP`].
    pub async fn client_list(&self) -> Result<Vec<Client>> {
        let cap = i64::from(CLIENT_LIST_CAP);
        let rows: Vec<Row> =
            run!(self.read(), |db| sqlx::query_as(LIST).bind(cap).fetch_all(db).await)?;
        rows.into_iter().map(into_client).collect()
    }

    /// Lets a client that expires live until `expires_at` at least.
    pub async fn client_extend(&self, id: &str, expires_at: Timestamp) -> Result<()> {
        execute!(self.write(), sqlx::query(EXTEND).bind(id).bind(expires_at.0))?;
        Ok(())
    }

    /// False when it did not exist.
    pub async fn client_delete(&self, id: &str) -> Result<bool> {
        Ok(execute!(self.write(), sqlx::query(DELETE).bind(id))? == 1)
    }

    /// Forgets the client of this kind that expires first, if it does so by `at`. False when none does.
    pub async fn client_forget_first(&self, kind: ClientKind, at: Timestamp) -> Result<bool> {
        Ok(execute!(self.write(), sqlx::query(FORGET).bind(kind.as_str()).bind(at.0))? == 1)
    }

    pub async fn client_purge(&self, older_than: Timestamp) -> Result<u64> {
        Ok(execute!(self.write(), sqlx::query(PURGE).bind(older_than.0))?)
    }
}

type Row = (String, String, String, Option<String>, i64, Option<i64>);

fn into_client((id, kind, metadata, secret, created_at, expires_at): Row) -> Result<Client> {
    Ok(Client {
        id,
        kind: stored_word("oauth_client.kind", &kind, &ClientKind::ALL, ClientKind::as_str)?,
        metadata,
        secret,
        created_at: Timestamp(created_at),
        expires_at: expires_at.map(Timestamp),
    })
}

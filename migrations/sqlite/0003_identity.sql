-- Who can prove who they are, and what they were given for it.

-- Values that must be readable again, encrypted under the master key.
CREATE TABLE secret (
    name TEXT NOT NULL PRIMARY KEY,
    sealed TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Public halves; the private ones are secrets.
CREATE TABLE signing_key (
    id TEXT NOT NULL PRIMARY KEY,
    public TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);

CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    password TEXT,
    issuer TEXT,
    subject TEXT,
    admin BOOLEAN NOT NULL,
    disabled BOOLEAN NOT NULL,
    failures BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX account_name ON account (name);
CREATE UNIQUE INDEX account_subject ON account (issuer, subject);

CREATE TABLE browser_session (
    hash TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX browser_session_account ON browser_session (account);
CREATE INDEX browser_session_expires ON browser_session (expires_at);

CREATE TABLE oauth_client (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    metadata TEXT NOT NULL,
    secret TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX oauth_client_expires ON oauth_client (expires_at);

CREATE TABLE oauth_grant (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    client_name TEXT NOT NULL,
    principal TEXT NOT NULL,
    principal_name TEXT NOT NULL,
    account TEXT REFERENCES account (id),
    scope TEXT NOT NULL,
    resource TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX oauth_grant_client ON oauth_grant (client);
CREATE INDEX oauth_grant_account ON oauth_grant (account);
CREATE INDEX oauth_grant_expires ON oauth_grant (expires_at);

CREATE TABLE refresh_token (
    hash TEXT NOT NULL PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES oauth_grant (id) ON DELETE CASCADE,
    used_at BIGINT
);
CREATE INDEX refresh_token_grant ON refresh_token (grant_id);

-- Codes, links and assertions that work once. A used one stays until it expires, so that a second
-- use is recognized.
CREATE TABLE one_time (
    hash TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX one_time_expires ON one_time (expires_at);

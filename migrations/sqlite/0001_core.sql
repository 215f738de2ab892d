-- What every call leaves behind, and what a call may need from an earlier one.

CREATE TABLE audit (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    request_id TEXT NOT NULL,
    principal TEXT NOT NULL,
    space TEXT,
    surface TEXT NOT NULL,
    tool TEXT NOT NULL,
    operation TEXT,
    risk TEXT NOT NULL,
    target TEXT,
    arguments TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT,
    plan_digest TEXT,
    approval_id TEXT,
    duration_ms BIGINT NOT NULL
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_principal ON audit (principal, id);
CREATE INDEX audit_request ON audit (request_id, id);
CREATE INDEX audit_intent ON audit (at) WHERE outcome = 'intent';

CREATE TABLE approval (
    id TEXT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL,
    principal TEXT NOT NULL,
    principal_name TEXT NOT NULL,
    space TEXT,
    surface TEXT NOT NULL,
    tool TEXT NOT NULL,
    operation TEXT NOT NULL,
    risk TEXT NOT NULL,
    arguments TEXT NOT NULL,
    plan TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT,
    note TEXT
);
CREATE INDEX approval_state ON approval (state, id);
CREATE UNIQUE INDEX approval_pending ON approval (principal, digest) WHERE state = 'pending';

CREATE TABLE idempotency (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    result TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_expires ON idempotency (expires_at);

CREATE TABLE mcp_session (
    id TEXT NOT NULL PRIMARY KEY,
    principal TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    touched_at BIGINT NOT NULL
);
CREATE INDEX mcp_session_touched ON mcp_session (touched_at);

CREATE TABLE setting (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

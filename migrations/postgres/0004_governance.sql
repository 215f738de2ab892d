-- Who may do what: memberships, and the identities of machines.

-- One row. Grows whenever anything changes that a decision depends on: what was read under an
-- older number is read anew.
CREATE TABLE access_revision (
    id TEXT NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL
);
INSERT INTO access_revision (id, revision) VALUES ('access', 1);

-- A role of a subject in a namespace and all below it. `subject` is the id of a principal. A group
-- or workspace of the embedded platform is named by `namespace_id`, so that the membership moves
-- and ends with it; anything else by `path`.
CREATE TABLE access_membership (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    realm TEXT NOT NULL,
    namespace_id TEXT REFERENCES terraform_namespace (id) ON DELETE CASCADE,
    path TEXT NOT NULL
);
CREATE UNIQUE INDEX access_membership_place
    ON access_membership (subject, realm, path) WHERE namespace_id IS NULL;
CREATE UNIQUE INDEX access_membership_namespace
    ON access_membership (subject, namespace_id) WHERE namespace_id IS NOT NULL;

CREATE TABLE service_account (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    group_id TEXT NOT NULL REFERENCES terraform_group (id) ON DELETE CASCADE,
    disabled BOOLEAN NOT NULL,
    trust_policies TEXT NOT NULL,
    client_credentials BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX service_account_name ON service_account (group_id, name);

-- At most two of an account work at the same time: the newest, and the one before it until its
-- overlap ends.
CREATE TABLE service_account_secret (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    service_account_id TEXT NOT NULL REFERENCES service_account (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    replaced BOOLEAN NOT NULL,
    noticed_at BIGINT,
    lease_expires_at BIGINT
);
CREATE INDEX service_account_secret_account ON service_account_secret (service_account_id);
CREATE INDEX service_account_secret_due
    ON service_account_secret (expires_at) WHERE noticed_at IS NULL;

CREATE TABLE api_key (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL UNIQUE,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);

-- Managed identities, and archives that are kept for a while only.

-- `data` says what the identity stands for; it belongs to its type and is no secret. An alias has
-- none of its own.
CREATE TABLE terraform_managed_identity (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    group_id TEXT NOT NULL REFERENCES terraform_group (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    alias_source_id TEXT REFERENCES terraform_managed_identity (id) ON DELETE CASCADE,
    created_by TEXT NOT NULL,
    UNIQUE (group_id, name)
);
CREATE INDEX terraform_managed_identity_source ON terraform_managed_identity (alias_source_id);

-- Which workspaces use which identities; those of the groups above a workspace only.
CREATE TABLE terraform_managed_identity_assignment (
    workspace_id TEXT NOT NULL REFERENCES terraform_workspace (id) ON DELETE CASCADE,
    managed_identity_id TEXT NOT NULL
        REFERENCES terraform_managed_identity (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, managed_identity_id)
);
CREATE INDEX terraform_managed_identity_assignment_identity
    ON terraform_managed_identity_assignment (managed_identity_id);

-- Since when an uploaded archive is not kept any more.
ALTER TABLE terraform_configuration_version ADD COLUMN removed_at BIGINT;

-- The embedded Terraform platform. Ids of runs, nodes, jobs and versions are
-- UUIDv7, so they sort by time.

-- A group and a workspace share one tree of paths; `id` is the group's or the workspace's own.
CREATE TABLE terraform_namespace (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    path TEXT COLLATE "C" NOT NULL UNIQUE,
    depth BIGINT NOT NULL
);

CREATE TABLE terraform_group (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES terraform_namespace (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    parent_id TEXT REFERENCES terraform_group (id) ON DELETE CASCADE,
    created_by TEXT NOT NULL
);
CREATE INDEX terraform_group_parent ON terraform_group (parent_id);

CREATE TABLE terraform_workspace (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES terraform_namespace (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    group_id TEXT NOT NULL REFERENCES terraform_group (id) ON DELETE CASCADE,
    created_by TEXT NOT NULL,
    terraform_version TEXT NOT NULL,
    max_job_minutes BIGINT NOT NULL,
    prevent_destroy_plan BOOLEAN NOT NULL,
    labels TEXT NOT NULL,
    locked BOOLEAN NOT NULL,
    dirty_state BOOLEAN NOT NULL,
    current_state_version_id TEXT,
    -- The run that has the workspace to itself. Like the three above, it changes without `version`.
    holder_run_id TEXT
);
CREATE INDEX terraform_workspace_group ON terraform_workspace (group_id);

CREATE TABLE terraform_configuration_version (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    workspace_id TEXT NOT NULL REFERENCES terraform_workspace (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    speculative BOOLEAN NOT NULL,
    created_by TEXT NOT NULL,
    archive_bytes BIGINT NOT NULL,
    error_message TEXT
);
CREATE INDEX terraform_configuration_version_workspace
    ON terraform_configuration_version (workspace_id, created_at);

CREATE TABLE terraform_variable (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    namespace_id TEXT NOT NULL REFERENCES terraform_namespace (id) ON DELETE CASCADE,
    category TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    sensitive BOOLEAN NOT NULL,
    latest_version_id TEXT NOT NULL,
    UNIQUE (namespace_id, category, key)
);

-- `sealed_value` is read and written in one place (variable.rs), where encryption belongs.
CREATE TABLE terraform_variable_version (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    variable_id TEXT NOT NULL REFERENCES terraform_variable (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    sealed_value TEXT NOT NULL
);
CREATE INDEX terraform_variable_version_variable
    ON terraform_variable_version (variable_id, created_at);

CREATE TABLE terraform_run (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    workspace_id TEXT NOT NULL REFERENCES terraform_workspace (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    created_by TEXT NOT NULL,
    terraform_version TEXT NOT NULL,
    configuration_version_id TEXT NOT NULL,
    is_destroy BOOLEAN NOT NULL,
    refresh BOOLEAN NOT NULL,
    refresh_only BOOLEAN NOT NULL,
    auto_apply BOOLEAN NOT NULL,
    speculative BOOLEAN NOT NULL,
    target_addresses TEXT NOT NULL,
    force_cancel_available_at BIGINT,
    force_canceled BOOLEAN NOT NULL,
    force_canceled_by TEXT
);
CREATE INDEX terraform_run_workspace ON terraform_run (workspace_id, created_at);
CREATE INDEX terraform_run_waiting ON terraform_run (workspace_id, id)
    WHERE status IN ('queuing', 'queuing_apply');

CREATE TABLE terraform_plan (
    id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    run_id TEXT NOT NULL UNIQUE REFERENCES terraform_run (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    has_changes BOOLEAN NOT NULL,
    error_message TEXT,
    latest_job_id TEXT,
    resource_additions BIGINT NOT NULL,
    resource_changes BIGINT NOT NULL,
    resource_destructions BIGINT NOT NULL
);

CREATE TABLE terraform_apply (
    id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    run_id TEXT NOT NULL UNIQUE REFERENCES terraform_run (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    triggered_by TEXT NOT NULL,
    error_message TEXT,
    latest_job_id TEXT
);

-- What the job of a plan or apply brought back.
CREATE TABLE terraform_report (
    node_id TEXT NOT NULL PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES terraform_run (id) ON DELETE CASCADE,
    plan_file BYTEA,
    summary TEXT,
    diff TEXT,
    diagnostics TEXT NOT NULL
);
CREATE INDEX terraform_report_run ON terraform_report (run_id);

-- The variables of a run as they were when it was created. A sensitive one of a namespace is a
-- reference to its version; every other has its value here.
CREATE TABLE terraform_run_variable (
    run_id TEXT NOT NULL REFERENCES terraform_run (id) ON DELETE CASCADE,
    category TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    namespace_path TEXT,
    sensitive BOOLEAN NOT NULL,
    variable_version_id TEXT,
    sealed_value TEXT,
    PRIMARY KEY (run_id, category, key)
);

CREATE TABLE terraform_job (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    workspace_id TEXT NOT NULL,
    run_id TEXT NOT NULL REFERENCES terraform_run (id) ON DELETE CASCADE,
    node_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    max_minutes BIGINT NOT NULL,
    cancel_requested_at BIGINT,
    force_canceled BOOLEAN NOT NULL,
    pending_at BIGINT,
    running_at BIGINT,
    finished_at BIGINT,
    -- Who executes it, until when. How often it was claimed, so more than 1: taken over.
    lease_owner TEXT NOT NULL,
    lease_expires_at BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    log_size BIGINT NOT NULL
);
CREATE INDEX terraform_job_run ON terraform_job (run_id);
CREATE INDEX terraform_job_open ON terraform_job (id)
    WHERE status IN ('queued', 'pending', 'running', 'canceling');

CREATE TABLE terraform_job_log (
    job_id TEXT NOT NULL REFERENCES terraform_job (id) ON DELETE CASCADE,
    start_offset BIGINT NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (job_id, start_offset)
);

CREATE TABLE terraform_state_version (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    workspace_id TEXT NOT NULL REFERENCES terraform_workspace (id) ON DELETE CASCADE,
    run_id TEXT,
    created_by TEXT NOT NULL,
    lineage TEXT NOT NULL,
    serial BIGINT NOT NULL,
    content BYTEA NOT NULL
);
CREATE INDEX terraform_state_version_workspace
    ON terraform_state_version (workspace_id, created_at);

CREATE TABLE terraform_state_version_output (
    id TEXT NOT NULL PRIMARY KEY,
    state_version_id TEXT NOT NULL REFERENCES terraform_state_version (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    value TEXT NOT NULL,
    value_type TEXT NOT NULL,
    sensitive BOOLEAN NOT NULL,
    UNIQUE (state_version_id, name)
);

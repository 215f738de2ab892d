-- Teams: subjects of memberships that stand for all of their members.

CREATE TABLE access_team (
    id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    description TEXT NOT NULL
);

-- `subject` is the id of a principal.
CREATE TABLE access_team_member (
    id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    team_id TEXT NOT NULL REFERENCES access_team (id) ON DELETE CASCADE,
    subject TEXT COLLATE "C" NOT NULL,
    UNIQUE (team_id, subject)
);
CREATE INDEX access_team_member_subject ON access_team_member (subject);

-- A token by which a program acts for a person and one of their organisations. Only the hash of its secret is
-- kept; a row is never deleted, so who made and who revoked it can always be told. Written by store::tokens.
CREATE TABLE api_tokens (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    token_sha TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT NOT NULL,
    organisation TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    person TEXT COLLATE "C" NOT NULL REFERENCES persons (id),
    scopes TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    seen_at_ms BIGINT,
    revoked_at_ms BIGINT,
    revoked_by TEXT
);
CREATE INDEX api_tokens_person ON api_tokens (person);

-- A token by which a program acts for a person and one of their organisations. Only the hash of its secret is
-- kept; a row is never deleted, so who made and who revoked it can always be told. Written by store::tokens.
CREATE TABLE api_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    token_sha TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    organisation TEXT NOT NULL REFERENCES organisations (id),
    person TEXT NOT NULL REFERENCES persons (id),
    scopes TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    seen_at_ms INTEGER,
    revoked_at_ms INTEGER,
    revoked_by TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX api_tokens_person ON api_tokens (person);

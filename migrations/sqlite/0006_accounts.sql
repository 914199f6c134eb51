-- How a person signs in. Only the hash of the password is kept. Written by store::accounts.
CREATE TABLE accounts (
    person TEXT NOT NULL PRIMARY KEY REFERENCES persons (id),
    password TEXT NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    locked_until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Somebody signed in on one browser, known by the hash of the token it holds. Written by
-- store::accounts; deleted when it ends.
CREATE TABLE sessions (
    token_sha TEXT NOT NULL PRIMARY KEY,
    person TEXT NOT NULL REFERENCES persons (id),
    opened_at_ms INTEGER NOT NULL,
    seen_at_ms INTEGER NOT NULL,
    ends_at_ms INTEGER NOT NULL,
    agent TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_person ON sessions (person);

-- A link that lets somebody choose their password, once. Written by store::accounts.
CREATE TABLE invitations (
    person TEXT NOT NULL PRIMARY KEY REFERENCES persons (id),
    token_sha TEXT NOT NULL UNIQUE,
    ends_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

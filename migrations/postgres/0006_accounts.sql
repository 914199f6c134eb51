-- How a person signs in. Only the hash of the password is kept. Written by store::accounts.
CREATE TABLE accounts (
    person TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES persons (id),
    password TEXT NOT NULL,
    changed_at_ms BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    locked_until_ms BIGINT NOT NULL
);

-- Somebody signed in on one browser, known by the hash of the token it holds. Written by
-- store::accounts; deleted when it ends.
CREATE TABLE sessions (
    token_sha TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    person TEXT COLLATE "C" NOT NULL REFERENCES persons (id),
    opened_at_ms BIGINT NOT NULL,
    seen_at_ms BIGINT NOT NULL,
    ends_at_ms BIGINT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX sessions_person ON sessions (person);

-- A link that lets somebody choose their password, once. Written by store::accounts.
CREATE TABLE invitations (
    person TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES persons (id),
    token_sha TEXT COLLATE "C" NOT NULL UNIQUE,
    ends_at_ms BIGINT NOT NULL
);

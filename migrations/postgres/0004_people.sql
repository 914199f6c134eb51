-- An organisation that holds a role in the procedure. Written by store::people (init, import).
CREATE TABLE organisations (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    parent_id TEXT COLLATE "C",
    document TEXT NOT NULL
);

-- A person who may act. The only place of a name and an address; erasing blanks them and keeps the
-- opaque id that entries carry. Written by store::people.
CREATE TABLE persons (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organisation TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    name TEXT COLLATE "C" NOT NULL,
    email TEXT NOT NULL,
    language TEXT NOT NULL,
    erased BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX persons_organisation ON persons (organisation, id);

-- Who holds a role on a subject, from when to when, and by which paper. Written by store::people; an
-- end is set, a row is never deleted.
CREATE TABLE assignments (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    role TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    holder TEXT COLLATE "C" NOT NULL REFERENCES persons (id),
    organisation TEXT COLLATE "C" NOT NULL REFERENCES organisations (id),
    from_ms BIGINT NOT NULL,
    to_ms BIGINT,
    basis TEXT NOT NULL
);
CREATE INDEX assignments_scope ON assignments (scope, role);
CREATE INDEX assignments_holder ON assignments (holder);

-- Who acts for whom, from when to when. Written by store::people.
CREATE TABLE substitutions (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    absent TEXT COLLATE "C" NOT NULL REFERENCES persons (id),
    substitute TEXT COLLATE "C" NOT NULL REFERENCES persons (id),
    role TEXT COLLATE "C" NOT NULL,
    from_ms BIGINT NOT NULL,
    to_ms BIGINT NOT NULL,
    basis TEXT NOT NULL
);
CREATE INDEX substitutions_substitute ON substitutions (substitute);

-- A personal value that the log names only by reference and commitment. Written by store::commit with
-- the entry that names it; erasing (store::personal) deletes the row and leaves the log as it is.
CREATE TABLE personal (
    ref TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C",
    value TEXT NOT NULL,
    salt TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX personal_case ON personal (case_id);
CREATE INDEX personal_person ON personal (person) WHERE person IS NOT NULL;

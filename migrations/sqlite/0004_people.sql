-- An organisation that holds a role in the procedure. Written by store::people (init, import).
CREATE TABLE organisations (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    parent_id TEXT,
    document TEXT NOT NULL
) STRICT;

-- A person who may act. The only place of a name and an address; erasing blanks them and keeps the
-- opaque id that entries carry. Written by store::people.
CREATE TABLE persons (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    language TEXT NOT NULL,
    erased INTEGER NOT NULL DEFAULT 0 CHECK (erased IN (0, 1))
) STRICT;
CREATE INDEX persons_organisation ON persons (organisation, id);

-- Who holds a role on a subject, from when to when, and by which paper. Written by store::people; an
-- end is set, a row is never deleted.
CREATE TABLE assignments (
    id TEXT NOT NULL PRIMARY KEY,
    role TEXT NOT NULL,
    scope TEXT NOT NULL,
    holder TEXT NOT NULL REFERENCES persons (id),
    organisation TEXT NOT NULL REFERENCES organisations (id),
    from_ms INTEGER NOT NULL,
    to_ms INTEGER,
    basis TEXT NOT NULL
) STRICT;
CREATE INDEX assignments_scope ON assignments (scope, role);
CREATE INDEX assignments_holder ON assignments (holder);

-- Who acts for whom, from when to when. Written by store::people.
CREATE TABLE substitutions (
    id TEXT NOT NULL PRIMARY KEY,
    absent TEXT NOT NULL REFERENCES persons (id),
    substitute TEXT NOT NULL REFERENCES persons (id),
    role TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    basis TEXT NOT NULL
) STRICT;
CREATE INDEX substitutions_substitute ON substitutions (substitute);

-- A personal value that the log names only by reference and commitment. Written by store::commit with
-- the entry that names it; erasing (store::personal) deletes the row and leaves the log as it is.
CREATE TABLE personal (
    ref TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    person TEXT,
    value TEXT NOT NULL,
    salt TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX personal_case ON personal (case_id);
CREATE INDEX personal_person ON personal (person) WHERE person IS NOT NULL;

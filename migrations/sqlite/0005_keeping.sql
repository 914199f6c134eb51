-- A seal over the heads that moved since the seal before. Written by store::anchors, hourly, by
-- whoever holds the lease; never changed.
CREATE TABLE anchors (
    anchor INTEGER NOT NULL PRIMARY KEY CHECK (anchor > 0),
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    taken_at_ms INTEGER NOT NULL
) STRICT;

-- One head under an anchor. Written with its anchor, never changed.
CREATE TABLE anchor_heads (
    anchor INTEGER NOT NULL REFERENCES anchors (anchor),
    case_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (anchor, case_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX anchor_heads_case ON anchor_heads (case_id, revision);

-- Who does a thing that only one process may do, and until when. Written by store::leases.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Settings that belong to the database itself: its clock, its epoch, the version of the assignments.
-- Written by store::meta.
CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('epoch', '1'), ('assignments_version', '0');

CREATE TRIGGER anchors_are_never_updated BEFORE UPDATE ON anchors
BEGIN
    SELECT RAISE(ABORT, 'anchors are append-only');
END;
CREATE TRIGGER anchors_are_never_deleted BEFORE DELETE ON anchors
BEGIN
    SELECT RAISE(ABORT, 'anchors are append-only');
END;
CREATE TRIGGER anchor_heads_are_never_updated BEFORE UPDATE ON anchor_heads
BEGIN
    SELECT RAISE(ABORT, 'anchor heads are append-only');
END;
CREATE TRIGGER anchor_heads_are_never_deleted BEFORE DELETE ON anchor_heads
BEGIN
    SELECT RAISE(ABORT, 'anchor heads are append-only');
END;

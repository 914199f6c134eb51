-- A seal over the heads that moved since the seal before. Written by store::anchors, hourly, by
-- whoever holds the lease; never changed.
CREATE TABLE anchors (
    anchor BIGINT NOT NULL PRIMARY KEY CHECK (anchor > 0),
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    taken_at_ms BIGINT NOT NULL
);

-- One head under an anchor. Written with its anchor, never changed.
CREATE TABLE anchor_heads (
    anchor BIGINT NOT NULL REFERENCES anchors (anchor),
    case_id TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (anchor, case_id)
);
CREATE INDEX anchor_heads_case ON anchor_heads (case_id, revision);

-- Who does a thing that only one process may do, and until when. Written by store::leases.
CREATE TABLE leases (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner TEXT COLLATE "C" NOT NULL,
    until_ms BIGINT NOT NULL
);

-- Settings that belong to the database itself: its clock, its epoch, the version of the assignments.
-- Written by store::meta.
CREATE TABLE meta (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
INSERT INTO meta (key, value) VALUES ('epoch', '1'), ('assignments_version', '0');

CREATE TRIGGER anchors_are_never_updated BEFORE UPDATE ON anchors
    FOR EACH ROW EXECUTE FUNCTION refuse_change('anchors are');
CREATE TRIGGER anchors_are_never_deleted BEFORE DELETE ON anchors
    FOR EACH ROW EXECUTE FUNCTION refuse_change('anchors are');
CREATE TRIGGER anchors_are_never_emptied BEFORE TRUNCATE ON anchors
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('anchors are');
CREATE TRIGGER anchor_heads_are_never_updated BEFORE UPDATE ON anchor_heads
    FOR EACH ROW EXECUTE FUNCTION refuse_change('anchor heads are');
CREATE TRIGGER anchor_heads_are_never_deleted BEFORE DELETE ON anchor_heads
    FOR EACH ROW EXECUTE FUNCTION refuse_change('anchor heads are');
CREATE TRIGGER anchor_heads_are_never_emptied BEFORE TRUNCATE ON anchor_heads
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('anchor heads are');

-- What happened. One row is one entry of one case, written by store::commit together with everything
-- the entry means; never updated, deleted only with its whole case once `removed` names it.
CREATE TABLE log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch INTEGER NOT NULL,
    txid INTEGER NOT NULL DEFAULT 0,
    case_id TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0),
    kind TEXT NOT NULL
        CHECK (kind IN ('event', 'notice', 'ignored', 'skipped', 'calendar', 'checkpoint')),
    semantics INTEGER NOT NULL,
    recorded_at_ms INTEGER NOT NULL,
    chart_sha TEXT NOT NULL,
    calendar_sha TEXT NOT NULL,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    payload TEXT NOT NULL,
    origin TEXT NOT NULL,
    states TEXT NOT NULL,
    data_sha TEXT NOT NULL,
    effects TEXT NOT NULL,
    terms TEXT NOT NULL,
    snapshot TEXT,
    trace TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (case_id, revision)
) STRICT;
CREATE INDEX log_feed ON log (epoch, txid, seq);

-- The head of each case: the result of its log so far, and the lock of every commit. Written by
-- store::commit. Only columns that never change are indexed, so that an update stays cheap.
CREATE TABLE cases (
    case_id TEXT NOT NULL PRIMARY KEY,
    chart TEXT NOT NULL,
    chart_version INTEGER NOT NULL,
    chart_sha TEXT NOT NULL,
    subject TEXT NOT NULL,
    parent_id TEXT,
    revision INTEGER NOT NULL CHECK (revision > 0),
    decision INTEGER NOT NULL,
    stage TEXT NOT NULL,
    states TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    hash TEXT NOT NULL,
    opened_at_ms INTEGER NOT NULL,
    recorded_at_ms INTEGER NOT NULL,
    done INTEGER NOT NULL CHECK (done IN (0, 1)),
    retention_class TEXT NOT NULL
) STRICT;
CREATE INDEX cases_subject ON cases (subject, case_id);
CREATE INDEX cases_chart ON cases (chart, case_id);
CREATE INDEX cases_parent ON cases (parent_id, case_id) WHERE parent_id IS NOT NULL;

-- The answer given for a sender's key, so that sending again is harmless. Written by store::commit,
-- kept as long as the case.
CREATE TABLE receipts (
    case_id TEXT NOT NULL,
    key TEXT NOT NULL,
    body_sha TEXT NOT NULL,
    revision INTEGER NOT NULL,
    decision INTEGER NOT NULL,
    answer TEXT NOT NULL,
    recorded_at_ms INTEGER NOT NULL,
    PRIMARY KEY (case_id, key)
) STRICT;

-- What is left of a case that was exported and removed when its retention ended: its last hash and
-- the SHA-256 of the archive. Written by store::removed, for ever; such a case is not born again.
CREATE TABLE removed (
    case_id TEXT NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL,
    hash TEXT NOT NULL,
    archive_sha TEXT NOT NULL,
    removed_at_ms INTEGER NOT NULL
) STRICT;

CREATE TRIGGER log_is_never_updated BEFORE UPDATE ON log
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only');
END;
CREATE TRIGGER log_is_never_deleted BEFORE DELETE ON log
WHEN NOT EXISTS (SELECT 1 FROM removed WHERE removed.case_id = OLD.case_id)
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only');
END;
CREATE TRIGGER removed_is_never_updated BEFORE UPDATE ON removed
BEGIN
    SELECT RAISE(ABORT, 'removed is append-only');
END;
CREATE TRIGGER removed_is_never_deleted BEFORE DELETE ON removed
BEGIN
    SELECT RAISE(ABORT, 'removed is append-only');
END;

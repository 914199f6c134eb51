-- What happened. One row is one entry of one case, written by store::commit together with everything
-- the entry means; never updated, deleted only with its whole case once `removed` names it.
CREATE TABLE log (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    epoch BIGINT NOT NULL,
    txid BIGINT NOT NULL DEFAULT CAST(CAST(pg_current_xact_id() AS text) AS bigint),
    case_id TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL CHECK (revision > 0),
    kind TEXT NOT NULL
        CHECK (kind IN ('event', 'notice', 'ignored', 'skipped', 'calendar', 'checkpoint')),
    semantics BIGINT NOT NULL,
    recorded_at_ms BIGINT NOT NULL,
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
);
CREATE INDEX log_feed ON log (epoch, txid, seq);

-- The head of each case: the result of its log so far, and the lock of every commit. Written by
-- store::commit. Only columns that never change are indexed, so that an update stays cheap.
CREATE TABLE cases (
    case_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    chart TEXT COLLATE "C" NOT NULL,
    chart_version BIGINT NOT NULL,
    chart_sha TEXT NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    parent_id TEXT COLLATE "C",
    revision BIGINT NOT NULL CHECK (revision > 0),
    decision BIGINT NOT NULL,
    stage TEXT NOT NULL,
    states TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    hash TEXT NOT NULL,
    opened_at_ms BIGINT NOT NULL,
    recorded_at_ms BIGINT NOT NULL,
    done BOOLEAN NOT NULL,
    retention_class TEXT NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX cases_subject ON cases (subject, case_id);
CREATE INDEX cases_chart ON cases (chart, case_id);
CREATE INDEX cases_parent ON cases (parent_id, case_id) WHERE parent_id IS NOT NULL;

-- The answer given for a sender's key, so that sending again is harmless. Written by store::commit,
-- kept as long as the case.
CREATE TABLE receipts (
    case_id TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    body_sha TEXT NOT NULL,
    revision BIGINT NOT NULL,
    decision BIGINT NOT NULL,
    answer TEXT NOT NULL,
    recorded_at_ms BIGINT NOT NULL,
    PRIMARY KEY (case_id, key)
);

-- What is left of a case that was exported and removed when its retention ended: its last hash and
-- the SHA-256 of the archive. Written by store::removed, for ever; such a case is not born again.
CREATE TABLE removed (
    case_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL,
    hash TEXT NOT NULL,
    archive_sha TEXT NOT NULL,
    removed_at_ms BIGINT NOT NULL
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% append-only', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE FUNCTION refuse_unless_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM removed WHERE removed.case_id = OLD.case_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% append-only', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER log_is_never_updated BEFORE UPDATE ON log
    FOR EACH ROW EXECUTE FUNCTION refuse_change('the log is');
CREATE TRIGGER log_is_never_deleted BEFORE DELETE ON log
    FOR EACH ROW EXECUTE FUNCTION refuse_unless_removed('the log is');
CREATE TRIGGER log_is_never_emptied BEFORE TRUNCATE ON log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('the log is');
CREATE TRIGGER removed_is_never_updated BEFORE UPDATE ON removed
    FOR EACH ROW EXECUTE FUNCTION refuse_change('removed is');
CREATE TRIGGER removed_is_never_deleted BEFORE DELETE ON removed
    FOR EACH ROW EXECUTE FUNCTION refuse_change('removed is');
CREATE TRIGGER removed_is_never_emptied BEFORE TRUNCATE ON removed
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('removed is');

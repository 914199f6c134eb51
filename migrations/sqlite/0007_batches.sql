-- The cases of a chart by the moment they were opened, for boards of a year. Both columns never change.
CREATE INDEX cases_opened ON cases (chart, opened_at_ms, case_id);

-- Something that one person asked for on many tasks at once: reminders, or words to the leaders. Written once by
-- store::batches.
CREATE TABLE batches (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('remind', 'escalate')),
    person TEXT NOT NULL REFERENCES persons (id),
    note TEXT NOT NULL,
    local_date TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX batches_created ON batches (created_at_ms, id);

-- One task of a batch and what became of it. Written with its batch; its outcome by store::batches, after the
-- command whose key follows from it was answered.
CREATE TABLE batch_items (
    batch_id TEXT NOT NULL REFERENCES batches (id),
    item INTEGER NOT NULL,
    case_id TEXT NOT NULL,
    state TEXT NOT NULL,
    generation INTEGER NOT NULL,
    element TEXT NOT NULL,
    role TEXT NOT NULL,
    told TEXT NOT NULL,
    forced INTEGER NOT NULL CHECK (forced IN (0, 1)),
    outcome TEXT NOT NULL DEFAULT 'waiting' CHECK (outcome IN ('waiting', 'done', 'skipped', 'failed')),
    why TEXT NOT NULL DEFAULT '',
    revision INTEGER,
    tries INTEGER NOT NULL DEFAULT 0,
    settled_at_ms INTEGER,
    PRIMARY KEY (batch_id, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_items_waiting ON batch_items (batch_id) WHERE outcome = 'waiting';

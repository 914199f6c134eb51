-- Who owes the next act of a case. Written by store::commit: the difference between what the chart
-- says before and after a step.
CREATE TABLE tasks (
    case_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    element TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    title TEXT NOT NULL,
    opened_at_ms BIGINT NOT NULL,
    due_at_ms BIGINT,
    due_date TEXT,
    PRIMARY KEY (case_id, state, generation, element)
);
CREATE INDEX tasks_role ON tasks (role, subject);
CREATE INDEX tasks_due ON tasks (due_at_ms) WHERE due_at_ms IS NOT NULL;

-- A moment at which a case wants to be woken. Written by store::commit; a process claims it before
-- it fires (store::timers), and the commit of what it led to deletes it. What fails is marked dead.
CREATE TABLE timers (
    case_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    due_at_ms BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'dead')),
    claimed_by TEXT,
    claimed_until_ms BIGINT,
    error TEXT,
    dead_at_ms BIGINT,
    PRIMARY KEY (case_id, name, generation)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX timers_due ON timers (due_at_ms, case_id, name) WHERE state = 'waiting';

-- An effect to be performed in the world, and how far it has come. Written by store::commit and, for
-- letters that gather several notices, by store::notices; its outcome by store::outbox.
CREATE TABLE outbox (
    case_id TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    due_at_ms BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'done', 'dead')),
    attempts BIGINT NOT NULL DEFAULT 0,
    claimed_by TEXT,
    claimed_until_ms BIGINT,
    error TEXT,
    done_at_ms BIGINT,
    PRIMARY KEY (case_id, id)
) WITH (autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX outbox_id ON outbox (id);
CREATE INDEX outbox_due ON outbox (due_at_ms, id) WHERE state = 'queued';

-- What a step or a rung wants said to a role, before it becomes a letter. Written by store::commit;
-- store::notices names the letter it went into.
CREATE TABLE notices (
    case_id TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    letter TEXT NOT NULL,
    item TEXT NOT NULL,
    rung TEXT NOT NULL,
    due_at_ms BIGINT,
    immediate BOOLEAN NOT NULL,
    data TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    built TEXT,
    PRIMARY KEY (case_id, id)
);
CREATE INDEX notices_id ON notices (id);
CREATE INDEX notices_unbuilt ON notices (created_at_ms, id) WHERE built IS NULL;

-- A message from one case to another, delivered exactly once. Written in the sender's commit, deleted
-- in the receiver's; what fails is marked dead by store::inbox.
CREATE TABLE inbox (
    sender TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    receiver TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('event', 'spawn', 'cancel')),
    event TEXT NOT NULL,
    payload TEXT NOT NULL,
    from_child TEXT,
    due_at_ms BIGINT NOT NULL,
    body TEXT NOT NULL,
    state TEXT COLLATE "C" NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'dead')),
    claimed_by TEXT,
    claimed_until_ms BIGINT,
    error TEXT,
    dead_at_ms BIGINT,
    PRIMARY KEY (sender, revision, ordinal)
) WITH (autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX inbox_due ON inbox (due_at_ms, sender, revision, ordinal) WHERE state = 'waiting';
CREATE INDEX inbox_pair ON inbox (receiver, sender, due_at_ms, revision, ordinal);

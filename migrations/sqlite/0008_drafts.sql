-- What one person typed into the form of one act and has not sent. Nobody else reads it. Written by
-- store::drafts; deleted when the act is recorded or its owner throws it away, and with its person or case.
CREATE TABLE drafts (
    person TEXT NOT NULL REFERENCES persons (id),
    case_id TEXT NOT NULL,
    event TEXT NOT NULL,
    fields TEXT NOT NULL,
    form TEXT NOT NULL,
    saved_at_ms INTEGER NOT NULL,
    PRIMARY KEY (person, case_id, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX drafts_case ON drafts (case_id);

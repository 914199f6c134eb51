-- The compiled definition of one version of a chart: the bytes that are hashed and stepped. Written
-- once by store::charts, never changed.
CREATE TABLE charts (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    sha TEXT NOT NULL,
    definition TEXT NOT NULL,
    published_at_ms INTEGER NOT NULL,
    PRIMARY KEY (name, version)
) STRICT;

-- What people read of one version of a chart: its source and its words. Written by store::charts at
-- every publishing; it decides nothing and may change.
CREATE TABLE chart_words (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    wording TEXT NOT NULL,
    PRIMARY KEY (name, version),
    FOREIGN KEY (name, version) REFERENCES charts (name, version)
) STRICT;

-- One version of the calendar of working days, as it is hashed. Written once by store::calendars,
-- never changed.
CREATE TABLE calendars (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    sha TEXT NOT NULL,
    document TEXT NOT NULL,
    published_at_ms INTEGER NOT NULL,
    PRIMARY KEY (name, version)
) STRICT;
CREATE INDEX calendars_sha ON calendars (sha);

CREATE TRIGGER charts_are_never_updated BEFORE UPDATE ON charts
BEGIN
    SELECT RAISE(ABORT, 'charts are append-only');
END;
CREATE TRIGGER charts_are_never_deleted BEFORE DELETE ON charts
BEGIN
    SELECT RAISE(ABORT, 'charts are append-only');
END;
CREATE TRIGGER calendars_are_never_updated BEFORE UPDATE ON calendars
BEGIN
    SELECT RAISE(ABORT, 'calendars are append-only');
END;
CREATE TRIGGER calendars_are_never_deleted BEFORE DELETE ON calendars
BEGIN
    SELECT RAISE(ABORT, 'calendars are append-only');
END;

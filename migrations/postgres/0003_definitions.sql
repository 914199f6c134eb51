-- The compiled definition of one version of a chart: the bytes that are hashed and stepped. Written
-- once by store::charts, never changed.
CREATE TABLE charts (
    name TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    sha TEXT COLLATE "C" NOT NULL,
    definition TEXT NOT NULL,
    published_at_ms BIGINT NOT NULL,
    PRIMARY KEY (name, version)
);

-- What people read of one version of a chart: its source and its words. Written by store::charts at
-- every publishing; it decides nothing and may change.
CREATE TABLE chart_words (
    name TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    document TEXT NOT NULL,
    wording TEXT NOT NULL,
    PRIMARY KEY (name, version),
    FOREIGN KEY (name, version) REFERENCES charts (name, version)
);

-- One version of the calendar of working days, as it is hashed. Written once by store::calendars,
-- never changed.
CREATE TABLE calendars (
    name TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    sha TEXT COLLATE "C" NOT NULL,
    document TEXT NOT NULL,
    published_at_ms BIGINT NOT NULL,
    PRIMARY KEY (name, version)
);
CREATE INDEX calendars_sha ON calendars (sha);

CREATE TRIGGER charts_are_never_updated BEFORE UPDATE ON charts
    FOR EACH ROW EXECUTE FUNCTION refuse_change('charts are');
CREATE TRIGGER charts_are_never_deleted BEFORE DELETE ON charts
    FOR EACH ROW EXECUTE FUNCTION refuse_change('charts are');
CREATE TRIGGER charts_are_never_emptied BEFORE TRUNCATE ON charts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('charts are');
CREATE TRIGGER calendars_are_never_updated BEFORE UPDATE ON calendars
    FOR EACH ROW EXECUTE FUNCTION refuse_change('calendars are');
CREATE TRIGGER calendars_are_never_deleted BEFORE DELETE ON calendars
    FOR EACH ROW EXECUTE FUNCTION refuse_change('calendars are');
CREATE TRIGGER calendars_are_never_emptied BEFORE TRUNCATE ON calendars
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('calendars are');

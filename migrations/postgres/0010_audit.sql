-- What was done about accounts and rights, and from where: who signed in or failed to, who gave whom
-- which right. Written by store::audit, never changed. Moments are those of the real clock.
CREATE TABLE audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    what TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    about TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_address ON audit (address, what, at_ms);

CREATE TRIGGER audit_is_never_updated BEFORE UPDATE ON audit
    FOR EACH ROW EXECUTE FUNCTION refuse_change('the audit is');
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION refuse_change('the audit is');
CREATE TRIGGER audit_is_never_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('the audit is');

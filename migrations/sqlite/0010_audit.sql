-- What was done about accounts and rights, and from where: who signed in or failed to, who gave whom
-- which right. Written by store::audit, never changed. Moments are those of the real clock.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    what TEXT NOT NULL,
    person TEXT NOT NULL,
    about TEXT NOT NULL,
    address TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_address ON audit (address, what, at_ms);

CREATE TRIGGER audit_is_never_updated BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;

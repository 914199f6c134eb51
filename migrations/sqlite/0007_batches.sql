-- The cases of a chart by the moment they were opened, for boards of a year. Both columns never change.
CREATE INDEX cases_opened ON cases (chart, opened_at_ms, case_id);

-- Service Coin, migration 2: usage events.
--
-- For programs that keep usage events in the database (package usage); it does
-- no harm where none does. Run it as the role that owns the tables of the
-- first migration:
--
--     psql -v ON_ERROR_STOP=1 -f 0002_usage_events.sql
--
-- It is one transaction. For a schema of another name change the next
-- statement and nothing below. Then let the program in (here it logs in as
-- "app"):
--
--     GRANT SELECT, INSERT, DELETE ON servicecoin.usage_events TO app;
BEGIN;
SET LOCAL search_path TO servicecoin;

INSERT INTO migrations (version, name) VALUES (2, '0002_usage_events');

-- One row an event: appended, never changed. The primary key keeps an event
-- that is sent again from counting twice. Texts compare byte by byte, whatever
-- the locale of the database.
CREATE TABLE usage_events (
    customer    text COLLATE "C" NOT NULL,
    source      text COLLATE "C" NOT NULL,
    id          text COLLATE "C" NOT NULL,
    type        text COLLATE "C" NOT NULL,
    subject     text COLLATE "C" NOT NULL,
    at          timestamptz NOT NULL, -- when it happened
    value       numeric,              -- NULL: it is only counted
    dimensions  jsonb,                -- texts by name; NULL: none
    recorded_at timestamptz NOT NULL, -- when it became known
    PRIMARY KEY (customer, source, id)
);

-- Listings: one customer, one type, by time.
CREATE INDEX usage_events_time ON usage_events (customer, type, at, source, id);

-- The second wall, as for documents.
ALTER TABLE usage_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_events FORCE ROW LEVEL SECURITY;
CREATE POLICY of_customers ON usage_events
    USING (customer = ANY ((SELECT string_to_array(current_setting('servicecoin.customers', true), chr(31)))::text[]));
COMMIT;

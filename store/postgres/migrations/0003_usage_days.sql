-- Service Coin, migration 3: usage events, packed by days.
--
-- For programs that keep usage events in the database (package usage); it does
-- no harm where none does. Run it as the role that owns the tables of the
-- first migrations:
--
--     psql -v ON_ERROR_STOP=1 -f 0003_usage_days.sql
--
-- It is one transaction. For a schema of another name change the next
-- statement and nothing below. Then let the program in (here it logs in as
-- "app"); it owns nothing, and runs no DDL:
--
--     GRANT SELECT, INSERT, UPDATE, DELETE ON servicecoin.usage_keys, servicecoin.usage_facts,
--         servicecoin.usage_log, servicecoin.usage_days, servicecoin.usage_months TO app;
--
-- What usage_events of the second migration holds is carried over by the program:
-- when it starts, if it may migrate, and by usage.Carry otherwise. Until then it does not
-- open. The table takes no new rows from here on. Once it is empty it can be dropped.
BEGIN;
SET LOCAL search_path TO servicecoin;

INSERT INTO migrations (version, name) VALUES (3, '0003_usage_days');

-- Every event that is there: a sum of its customer, source and id (the first half
-- of their SHA-256), and where it lies as it was first told. An event about which
-- there are facts lies aside, in usage_facts, and so does each fact. Neither of a
-- day nor aside is an event that is not there yet, but facts about it are.
CREATE TABLE usage_keys (
    customer text COLLATE "C" NOT NULL,
    day      date,
    aside    boolean NOT NULL,
    key      bytea   NOT NULL,
    type     text COLLATE "C",
    CHECK ((day IS NULL) = (type IS NULL) AND (day IS NULL OR NOT aside)),
    PRIMARY KEY (customer, key)
);

-- What voids, corrects or closes an event, by the key of what it is about, and
-- beside it the event itself.
CREATE TABLE usage_facts (
    customer text COLLATE "C" NOT NULL,
    about    bytea NOT NULL,
    key      bytea NOT NULL,
    fact     bytea NOT NULL,
    PRIMARY KEY (customer, about, key),
    UNIQUE (customer, key)
);

-- The tail: what came last, in the order in which it came, one row a customer and
-- batch, until its days are over. In each the entries lie by type of event.
CREATE TABLE usage_log (
    customer  text COLLATE "C" NOT NULL,
    seq       bigint GENERATED ALWAYS AS IDENTITY,
    first_day date  NOT NULL, -- of the entries, UTC
    last_day  date  NOT NULL,
    entries   bytea NOT NULL,
    PRIMARY KEY (customer, seq)
);

-- Days that are over, packed: what figures are made of, and what else the events
-- say. A partition a year. Detach none while anybody may ask for its days: their
-- totals stay in usage_months, and their keys in usage_keys.
CREATE TABLE usage_days (
    customer text COLLATE "C" NOT NULL,
    type     text COLLATE "C" NOT NULL,
    day      date    NOT NULL, -- UTC
    whole    boolean NOT NULL, -- figures are made of the rest, too
    summary  bytea   NOT NULL, -- the digest of the events that stand, and figures of halves of hours where these are few
    cells    bytea   NOT NULL,
    rest     bytea   NOT NULL,
    PRIMARY KEY (customer, type, day)
) PARTITION BY RANGE (day);

-- What the packed days come to: each month, and each day of it.
CREATE TABLE usage_months (
    customer text COLLATE "C" NOT NULL,
    type     text COLLATE "C" NOT NULL,
    month    date   NOT NULL, -- its first day
    reach    bigint,          -- when the last interval ends, in microseconds since 1970; NULL: there is none
    total    bytea  NOT NULL,
    days     bytea  NOT NULL,
    PRIMARY KEY (customer, type, month)
);
CREATE INDEX usage_months_type ON usage_months (type, customer, month);

-- These bytes are packed already.
ALTER TABLE usage_log  ALTER COLUMN entries SET STORAGE EXTERNAL;
ALTER TABLE usage_days ALTER COLUMN cells SET STORAGE EXTERNAL, ALTER COLUMN rest SET STORAGE EXTERNAL;

-- The second wall, as for documents. A question about everybody says so.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['usage_keys', 'usage_facts', 'usage_log', 'usage_days', 'usage_months'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY of_customers ON %I USING (customer IN (SELECT unnest(string_to_array(current_setting(''servicecoin.customers'', true), chr(31)))))', name);
        EXECUTE format('CREATE POLICY across ON %I FOR SELECT USING ((SELECT current_setting(''servicecoin.across'', true) = ''on''))', name);
    END LOOP;
END $$;

-- The partitions are read through the table alone: they have no policy of their
-- own, and so nobody sees a row of theirs directly.
DO $$
BEGIN
    FOR year IN 2015 .. 2045 LOOP
        EXECUTE format('CREATE TABLE usage_days_%s PARTITION OF usage_days FOR VALUES FROM (%L) TO (%L)', year, make_date(year, 1, 1), make_date(year + 1, 1, 1));
        EXECUTE format('ALTER TABLE usage_days_%s ENABLE ROW LEVEL SECURITY', year);
        EXECUTE format('ALTER TABLE usage_days_%s FORCE ROW LEVEL SECURITY', year);
    END LOOP;
    CREATE TABLE usage_days_other PARTITION OF usage_days DEFAULT;
    ALTER TABLE usage_days_other ENABLE ROW LEVEL SECURITY;
    ALTER TABLE usage_days_other FORCE ROW LEVEL SECURITY;
END $$;

-- What was there before is read across customers when it is carried over, and a
-- program of an earlier release that still runs is told that it is late.
CREATE POLICY across ON usage_events FOR SELECT USING ((SELECT current_setting('servicecoin.across', true) = 'on'));
ALTER TABLE usage_events ADD CONSTRAINT carried_over CHECK (false) NOT VALID;
COMMIT;

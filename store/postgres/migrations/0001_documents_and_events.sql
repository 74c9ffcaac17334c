-- Service Coin, migration 1: documents, events, row-level security.
--
-- Run it as the role that shall own the tables, which should not be the role
-- that the program logs in as:
--
--     psql -v ON_ERROR_STOP=1 -f 0001_documents_and_events.sql
--
-- It is one transaction, creates a schema and what is in it, and touches
-- nothing else. For a schema of another name change the next two statements
-- and nothing below. The database must be encoded in UTF8.
--
-- Then let the program in (here it logs in as "app"):
--
--     GRANT USAGE ON SCHEMA servicecoin TO app;
--     GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA servicecoin TO app;
--     GRANT SELECT ON ALL SEQUENCES IN SCHEMA servicecoin TO app;
BEGIN;
CREATE SCHEMA IF NOT EXISTS servicecoin;
SET LOCAL search_path TO servicecoin;

-- What has been run. The program reads it when it starts.
CREATE TABLE migrations (
    version integer PRIMARY KEY,
    name    text NOT NULL,
    ran_at  timestamptz NOT NULL DEFAULT now()
);
INSERT INTO migrations (version, name) VALUES (1, '0001_documents_and_events');

-- One row a record, and one for each record that was deleted (body IS NULL),
-- so that the versions of a key never come again. Ids compare byte by byte,
-- whatever the locale of the database. The program alone reads body; for a
-- look at it: convert_from(body, 'UTF8').
CREATE TABLE documents (
    customer text COLLATE "C" NOT NULL,
    kind     text COLLATE "C" NOT NULL,
    id       text COLLATE "C" NOT NULL,
    version  bigint  NOT NULL CHECK (version > 0),
    shape    integer NOT NULL,
    body     bytea,
    i1 bytea, i2 bytea, i3 bytea, i4 bytea,
    i5 bytea, i6 bytea, i7 bytea, i8 bytea,
    PRIMARY KEY (kind, customer, id)
) WITH (fillfactor = 90); -- room for updates in place

-- Listings. Kind comes first and customer second, so that one index serves
-- the listing of one customer and the listing of all of them. Most kinds use
-- one slot or two; rows without a value are not in the index.
CREATE INDEX documents_i1 ON documents (kind, customer, i1, id) WHERE i1 IS NOT NULL;
CREATE INDEX documents_i2 ON documents (kind, customer, i2, id) WHERE i2 IS NOT NULL;
CREATE INDEX documents_i3 ON documents (kind, customer, i3, id) WHERE i3 IS NOT NULL;
CREATE INDEX documents_i4 ON documents (kind, customer, i4, id) WHERE i4 IS NOT NULL;
CREATE INDEX documents_i5 ON documents (kind, customer, i5, id) WHERE i5 IS NOT NULL;
CREATE INDEX documents_i6 ON documents (kind, customer, i6, id) WHERE i6 IS NOT NULL;
CREATE INDEX documents_i7 ON documents (kind, customer, i7, id) WHERE i7 IS NOT NULL;
CREATE INDEX documents_i8 ON documents (kind, customer, i8, id) WHERE i8 IS NOT NULL;

-- The outbox. CACHE 1 is needed: a session that kept numbers in reserve would
-- hand them out late, and the feed would miss them. Do not reset the sequence.
CREATE TABLE events (
    position      bigint GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME events_position CACHE 1) PRIMARY KEY,
    id            text COLLATE "C" NOT NULL,
    name          text COLLATE "C" NOT NULL,
    customer      text COLLATE "C" NOT NULL, -- the subject: customer, kind, id
    kind          text COLLATE "C" NOT NULL,
    subject       text COLLATE "C" NOT NULL,
    actor_kind    text COLLATE "C" NOT NULL,
    actor         text COLLATE "C" NOT NULL,
    on_behalf_of  text COLLATE "C" NOT NULL,
    at            timestamptz NOT NULL,
    data          bytea
);
CREATE INDEX events_customer ON events (customer, position);

-- The highest version that an erased customer's records had. It holds no more
-- than the customer's id; without the row a returning customer's versions
-- would begin again at 1.
CREATE TABLE forgotten (
    customer text COLLATE "C" PRIMARY KEY,
    base     bigint NOT NULL
);

-- The second wall. The program says at the begin of each transaction which
-- customers it is about (servicecoin.customers, separated by character 31),
-- and a listing across all customers says so (servicecoin.across). A statement
-- that forgot its WHERE sees and changes nobody else's rows; without the
-- settings there are no rows at all, for the owner neither. Superusers and
-- roles with BYPASSRLS are not held back, so the program must not be one. The
-- wall stops mistakes, not somebody who can run SQL of their own.
-- Each condition stands in a SELECT so that it is worked out once a statement.
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents FORCE ROW LEVEL SECURITY;
CREATE POLICY of_customers ON documents
    USING (customer = ANY ((SELECT string_to_array(current_setting('servicecoin.customers', true), chr(31)))::text[]));
CREATE POLICY across ON documents FOR SELECT
    USING ((SELECT current_setting('servicecoin.across', true) = 'on'));

ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
CREATE POLICY of_customers ON events
    USING (customer = ANY ((SELECT string_to_array(current_setting('servicecoin.customers', true), chr(31)))::text[]));
CREATE POLICY across ON events FOR SELECT
    USING ((SELECT current_setting('servicecoin.across', true) = 'on'));

ALTER TABLE forgotten ENABLE ROW LEVEL SECURITY;
ALTER TABLE forgotten FORCE ROW LEVEL SECURITY;
CREATE POLICY of_customers ON forgotten
    USING (customer = ANY ((SELECT string_to_array(current_setting('servicecoin.customers', true), chr(31)))::text[]));
COMMIT;

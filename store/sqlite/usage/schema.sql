-- The usage events of Service Coin. Texts compare byte by byte (the BINARY
-- collation of an UTF-8 database).
--
-- A place is where entries lie: a page and a day of UTC in one number,
-- page * 4194304 + day + 1048576, the day counted from 1970-01-01.

CREATE TABLE IF NOT EXISTS servicecoin_usage_meta (
	name  TEXT PRIMARY KEY NOT NULL,
	value INTEGER NOT NULL
) WITHOUT ROWID;

-- The types of events.
CREATE TABLE servicecoin_usage_kinds (
	id    INTEGER PRIMARY KEY,
	type  TEXT NOT NULL UNIQUE
);

-- A page is one customer and one type of event.
CREATE TABLE servicecoin_usage_pages (
	id       INTEGER PRIMARY KEY,
	kind     INTEGER NOT NULL,
	customer TEXT NOT NULL,
	UNIQUE (kind, customer)
);
CREATE INDEX servicecoin_usage_pages_customer ON servicecoin_usage_pages (customer);

-- Every source and id of a customer that is taken, by a hash over the file's seed.
-- A hash that another key has already is counted up to the next one that is free.
CREATE TABLE servicecoin_usage_keys (
	hash  INTEGER PRIMARY KEY,
	place INTEGER NOT NULL -- of its entry; below 0: -id of a fact; 0: of an event that facts wait for, or of one that was forgotten
);

-- What voids, corrects or closes events, and the events that it is about.
CREATE TABLE servicecoin_usage_facts (
	id       INTEGER PRIMARY KEY,
	about    INTEGER NOT NULL, -- the hash of the event's key
	customer TEXT NOT NULL,
	fact     BLOB NOT NULL
);
CREATE INDEX servicecoin_usage_facts_about ON servicecoin_usage_facts (about);
CREATE INDEX servicecoin_usage_facts_customer ON servicecoin_usage_facts (customer);

-- The tail: entries in the order in which they were recorded, a batch a row, until
-- they are sealed.
CREATE TABLE servicecoin_usage_log (
	seq     INTEGER PRIMARY KEY,
	first   INTEGER NOT NULL, -- the first and the last day of the entries
	last    INTEGER NOT NULL,
	entries BLOB NOT NULL
);

-- Days that are sealed: what figures are made of, and what else the events say.
CREATE TABLE servicecoin_usage_days (
	place INTEGER PRIMARY KEY,
	cells BLOB NOT NULL
);
CREATE TABLE servicecoin_usage_rests (
	place INTEGER PRIMARY KEY,
	rest  BLOB NOT NULL
);

-- What sealed days come to, beside their totals: their digest, and figures by dimensions
-- where these are few.
CREATE TABLE servicecoin_usage_summaries (
	place   INTEGER PRIMARY KEY,
	summary BLOB NOT NULL
);

-- What sealed days come to: their month (numbered from year 0), and each of them in a table
-- of its own, so that who asks for months reads no more.
CREATE TABLE servicecoin_usage_months (
	kind  INTEGER NOT NULL,
	month INTEGER NOT NULL,
	page  INTEGER NOT NULL,
	total BLOB NOT NULL,
	PRIMARY KEY (kind, month, page)
) WITHOUT ROWID;
CREATE TABLE servicecoin_usage_totals (
	kind  INTEGER NOT NULL,
	month INTEGER NOT NULL,
	page  INTEGER NOT NULL,
	days  BLOB NOT NULL,
	PRIMARY KEY (kind, month, page)
) WITHOUT ROWID;

-- The months that have intervals, and when the last of them ends.
CREATE TABLE servicecoin_usage_reaches (
	kind  INTEGER NOT NULL,
	month INTEGER NOT NULL,
	reach INTEGER NOT NULL, -- microseconds since 1970, UTC
	PRIMARY KEY (kind, month)
) WITHOUT ROWID;

INSERT OR REPLACE INTO servicecoin_usage_meta (name, value) VALUES ('schema', 2), ('epoch', 1), ('seed', randomblob(32));

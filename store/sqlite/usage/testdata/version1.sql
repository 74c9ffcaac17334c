-- The usage events of Service Coin. Texts compare byte by byte (the BINARY
-- collation of an UTF-8 database).

CREATE TABLE servicecoin_usage_meta (
	name  TEXT PRIMARY KEY NOT NULL,
	value INTEGER NOT NULL
) WITHOUT ROWID;

-- The table itself is in the order of listings, so that a listing is one
-- stretch of it.
CREATE TABLE servicecoin_usage (
	customer   TEXT NOT NULL,
	type       TEXT NOT NULL,
	at         INTEGER NOT NULL, -- microseconds since 1970, UTC
	source     TEXT NOT NULL,
	id         TEXT NOT NULL,
	subject    TEXT NOT NULL,
	value      TEXT,             -- a decimal in digits; NULL: the event has none
	dimensions TEXT NOT NULL,    -- JSON, '' for none
	recorded   INTEGER NOT NULL, -- microseconds since 1970, UTC
	PRIMARY KEY (customer, type, at, source, id)
) WITHOUT ROWID;

CREATE UNIQUE INDEX servicecoin_usage_key ON servicecoin_usage (customer, source, id);

INSERT INTO servicecoin_usage_meta (name, value) VALUES ('schema', 1);

-- The tables of Service Coin. Keys, customers and kinds compare byte by byte
-- (the BINARY collation of an UTF-8 database), index values as blobs.

CREATE TABLE servicecoin_meta (
	name  TEXT PRIMARY KEY NOT NULL,
	value INTEGER NOT NULL
) WITHOUT ROWID;

-- A record, or what is left of a deleted one: body is NULL, version goes on.
CREATE TABLE servicecoin_documents (
	kind     TEXT NOT NULL,
	customer TEXT NOT NULL,
	id       TEXT NOT NULL,
	version  INTEGER NOT NULL,
	shape    INTEGER NOT NULL,
	i1 BLOB, i2 BLOB, i3 BLOB, i4 BLOB, i5 BLOB, i6 BLOB, i7 BLOB, i8 BLOB,
	body     BLOB,
	PRIMARY KEY (kind, customer, id)
);

CREATE INDEX servicecoin_documents_i1 ON servicecoin_documents (kind, customer, i1, id) WHERE i1 IS NOT NULL;
CREATE INDEX servicecoin_documents_i2 ON servicecoin_documents (kind, customer, i2, id) WHERE i2 IS NOT NULL;
CREATE INDEX servicecoin_documents_i3 ON servicecoin_documents (kind, customer, i3, id) WHERE i3 IS NOT NULL;
CREATE INDEX servicecoin_documents_i4 ON servicecoin_documents (kind, customer, i4, id) WHERE i4 IS NOT NULL;
CREATE INDEX servicecoin_documents_i5 ON servicecoin_documents (kind, customer, i5, id) WHERE i5 IS NOT NULL;
CREATE INDEX servicecoin_documents_i6 ON servicecoin_documents (kind, customer, i6, id) WHERE i6 IS NOT NULL;
CREATE INDEX servicecoin_documents_i7 ON servicecoin_documents (kind, customer, i7, id) WHERE i7 IS NOT NULL;
CREATE INDEX servicecoin_documents_i8 ON servicecoin_documents (kind, customer, i8, id) WHERE i8 IS NOT NULL;

-- The feed. The row with the highest position is blanked, never deleted, so
-- that no position is given twice.
CREATE TABLE servicecoin_events (
	position     INTEGER PRIMARY KEY,
	id           TEXT,
	name         TEXT,
	customer     TEXT,
	kind         TEXT,
	subject      TEXT,
	actor_kind   TEXT,
	actor        TEXT,
	on_behalf_of TEXT,
	at           INTEGER, -- microseconds since 1970, UTC
	data         BLOB
);

CREATE INDEX servicecoin_events_customer ON servicecoin_events (customer) WHERE customer IS NOT NULL;

-- The highest version that a key of a forgotten customer ever had.
CREATE TABLE servicecoin_forgotten (
	customer TEXT PRIMARY KEY NOT NULL,
	version  INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO servicecoin_meta (name, value) VALUES ('schema', 1);

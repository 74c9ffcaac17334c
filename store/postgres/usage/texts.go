package usage

// texts are the statements of a schema. Days are numbered from 1970 on the way there and
// back.
type texts struct {
	putKeys, getKeys, putAside, awaitKeys string
	putFacts, factsAbout, factsOf         string
	putLog, getLog, logOf                 string
	getDays, getCells                     string
	getMonths, monthsOf                   string
	nextDays, nextLog                     string
	owners                                string
	early, earlyLog, cutLog, replaceLog   string
	putDays, putMonths, theseMonths       string
	verifyMonths, verifyDays, missingKeys string
	getSummaries                          string
	forget                                []string
	late, carrySome, carryCut             string
}

const epoch = "date '1970-01-01'"

func textsOf(table func(name string) string) texts {
	keys, facts, log, days, months, late := table("usage_keys"), table("usage_facts"), table("usage_log"), table("usage_days"), table("usage_months"), table("usage_events")
	return texts{
		putKeys: `WITH new AS (INSERT INTO ` + keys + ` (customer, day, aside, key, type)
SELECT customer, CASE WHEN type <> '' THEN ` + epoch + ` + day END, type = '', key, nullif(type, '') FROM unnest($1::text[], $2::bytea[], $3::int[], $4::text[]) AS e (customer, key, day, type)
ON CONFLICT DO NOTHING RETURNING key) SELECT count(*), coalesce(string_agg(key, ''), '') FROM new`,
		getKeys: `SELECT e.n, k.day - ` + epoch + `, k.type, k.aside FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY AS e (customer, key, n)
JOIN ` + keys + ` AS k ON k.customer = e.customer AND k.key = e.key`,
		putAside: `UPDATE ` + keys + ` AS k SET day = NULL, type = NULL, aside = true FROM unnest($1::text[], $2::bytea[]) AS e (customer, key)
WHERE k.customer = e.customer AND k.key = e.key`,
		awaitKeys: `INSERT INTO ` + keys + ` (customer, aside, key) SELECT customer, false, key FROM unnest($1::text[], $2::bytea[]) AS e (customer, key)
ON CONFLICT DO NOTHING`,
		putFacts: `INSERT INTO ` + facts + ` (customer, about, key, fact) SELECT customer, about, key, fact
FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::bytea[]) AS e (customer, about, key, fact)`,
		factsAbout: `SELECT e.n, f.fact FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY AS e (customer, key, n)
JOIN ` + facts + ` AS f ON f.customer = e.customer AND f.about = e.key`,
		factsOf: `SELECT e.n, f.fact FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY AS e (customer, key, n)
JOIN ` + facts + ` AS f ON f.customer = e.customer AND f.key = e.key`,
		putLog: `INSERT INTO ` + log + ` (customer, first_day, last_day, entries)
SELECT customer, ` + epoch + ` + first_day, ` + epoch + ` + last_day, entries
FROM unnest($1::text[], $2::int[], $3::int[], $4::bytea[]) AS e (customer, first_day, last_day, entries)`,
		getLog: `SELECT l.customer, l.entries FROM unnest($1::text[]) AS c (customer) JOIN ` + log + ` AS l ON l.customer = c.customer
WHERE l.first_day <= ` + epoch + ` + $2::int AND l.last_day >= ` + epoch + ` + $3::int`,
		logOf: `SELECT customer, entries FROM ` + log + ` WHERE first_day <= ` + epoch + ` + $1::int ORDER BY customer, seq`,
		getDays: `SELECT e.n, d.cells, d.rest FROM unnest($1::text[], $2::text[], $3::int[]) WITH ORDINALITY AS e (customer, type, day, n)
CROSS JOIN LATERAL (SELECT cells, rest FROM ` + days + ` WHERE customer = e.customer AND type = e.type AND day = ` + epoch + ` + e.day LIMIT 1) AS d`,
		getCells: `SELECT e.n, s.brief, CASE WHEN s.brief THEN d.summary ELSE d.cells END, CASE WHEN NOT s.brief AND (e.whole OR d.whole) THEN d.rest END
FROM unnest($1::text[], $2::int[], $3::boolean[], $5::int[]) WITH ORDINALITY AS e (customer, day, whole, has, n)
CROSS JOIN LATERAL (SELECT summary, cells, rest, whole FROM ` + days + ` WHERE customer = e.customer AND type = $4 AND day = ` + epoch + ` + e.day LIMIT 1) AS d
CROSS JOIN LATERAL (SELECT CASE WHEN e.has > 0 THEN get_byte(d.summary, 1) & e.has = e.has ELSE false END AS brief) AS s`,
		getMonths: `SELECT m.customer, m.month - ` + epoch + `, m.total, m.days
FROM unnest($1::text[]) AS c (customer) JOIN ` + months + ` AS m ON m.customer = c.customer AND m.type = $2
WHERE m.month <= ` + epoch + ` + $3::int AND (m.month >= ` + epoch + ` + $4::int OR $5 OR m.reach > $6)`,
		monthsOf: `SELECT customer, month - ` + epoch + `, total, days FROM ` + months + `
WHERE type = $1 AND month <= ` + epoch + ` + $2::int AND (month >= ` + epoch + ` + $3::int OR $4 OR reach > $5) ORDER BY customer, month`,
		nextDays: `SELECT day - ` + epoch + `, cells, rest FROM ` + days + `
WHERE customer = $1 AND type = $2 AND day >= ` + epoch + ` + $3::int AND day <= ` + epoch + ` + $4::int ORDER BY day LIMIT $5`,
		nextLog: `SELECT entries FROM ` + log + ` WHERE customer = $1 AND last_day >= ` + epoch + ` + $3::int
AND first_day <= coalesce((SELECT day FROM ` + days + ` WHERE customer = $1 AND type = $2 AND day >= ` + epoch + ` + $3::int AND day <= ` + epoch + ` + $4::int
ORDER BY day OFFSET $5::bigint - 1 LIMIT 1), ` + epoch + ` + $4::int) ORDER BY seq`,
		owners: `SELECT DISTINCT customer FROM ` + log + ` WHERE first_day < ` + epoch + ` + $1::int ORDER BY customer`,
		early: `SELECT l.customer, l.seq, octet_length(l.entries) FROM unnest($1::text[], $2::int[]) AS e (customer, day)
JOIN ` + log + ` AS l ON l.customer = e.customer WHERE l.first_day < ` + epoch + ` + e.day`,
		earlyLog: `SELECT l.customer, l.seq, l.entries FROM unnest($1::text[], $2::bigint[]) AS e (customer, seq)
JOIN ` + log + ` AS l ON l.customer = e.customer AND l.seq = e.seq`,
		cutLog: `DELETE FROM ` + log + ` AS l USING unnest($1::text[], $2::bigint[]) AS e (customer, seq) WHERE l.customer = e.customer AND l.seq = e.seq`,
		replaceLog: `UPDATE ` + log + ` AS l SET first_day = ` + epoch + ` + e.first_day, entries = e.entries
FROM unnest($1::text[], $2::bigint[], $3::int[], $4::bytea[]) AS e (customer, seq, first_day, entries) WHERE l.customer = e.customer AND l.seq = e.seq`,
		putDays: `INSERT INTO ` + days + ` (customer, type, day, whole, summary, cells, rest)
SELECT customer, type, ` + epoch + ` + day, whole, summary, cells, rest
FROM unnest($1::text[], $2::text[], $3::int[], $4::boolean[], $5::bytea[], $6::bytea[], $7::bytea[]) AS e (customer, type, day, whole, summary, cells, rest)
ON CONFLICT (customer, type, day) DO UPDATE SET whole = excluded.whole, summary = excluded.summary, cells = excluded.cells, rest = excluded.rest`,
		putMonths: `INSERT INTO ` + months + ` (customer, type, month, reach, total, days)
SELECT customer, type, ` + epoch + ` + month, reach, total, days
FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bytea[], $6::bytea[]) AS e (customer, type, month, reach, total, days)
ON CONFLICT (customer, type, month) DO UPDATE SET reach = excluded.reach, total = excluded.total, days = excluded.days`,
		theseMonths: `SELECT e.n, m.total, m.days FROM unnest($1::text[], $2::text[], $3::int[]) WITH ORDINALITY AS e (customer, type, month, n)
JOIN ` + months + ` AS m ON m.customer = e.customer AND m.type = e.type AND m.month = ` + epoch + ` + e.month`,
		verifyMonths: `SELECT type, month - ` + epoch + `, reach, total, days FROM ` + months + ` WHERE customer = $1 ORDER BY type, month`,
		verifyDays: `SELECT type, day - ` + epoch + `, whole, summary, cells, rest FROM ` + days + `
WHERE customer = $1 AND (type, day) > ($2, ` + epoch + ` + $3::int) ORDER BY type, day LIMIT $4`,
		missingKeys: `SELECT e.n FROM unnest($2::bytea[]) WITH ORDINALITY AS e (key, n)
WHERE NOT EXISTS (SELECT FROM ` + keys + ` AS k WHERE k.customer = $1 AND k.key = e.key AND (k.day IS NOT NULL OR k.aside))`,
		getSummaries: `SELECT day - ` + epoch + `, summary FROM ` + days + `
WHERE customer = $1 AND type = $2 AND day >= ` + epoch + ` + $3::int AND day <= ` + epoch + ` + $4::int`,
		forget: []string{
			"DELETE FROM " + keys + " WHERE customer = $1", "DELETE FROM " + facts + " WHERE customer = $1", "DELETE FROM " + log + " WHERE customer = $1",
			"DELETE FROM " + days + " WHERE customer = $1", "DELETE FROM " + months + " WHERE customer = $1",
		},
		late: `SELECT customer FROM ` + late + ` ORDER BY customer LIMIT 1`,
		carrySome: `SELECT customer, source, id, type, subject, at, value::text, dimensions::text, recorded_at FROM ` + late + `
WHERE customer = $1 ORDER BY type, at, source, id LIMIT $2`,
		carryCut: `DELETE FROM ` + late + ` WHERE customer = $1 AND (type, at, source, id) <= ($2, $3, $4, $5)`,
	}
}

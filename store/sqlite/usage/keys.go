package usage

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// hasher makes numbers of keys.
type hasher struct {
	seed []byte
	room []byte
	mask uint64 // tests have fewer hashes, so that keys share them
}

// of returns the hash of a key.
func (h *hasher) of(k metering.EventKey) int64 {
	h.room = append(h.room[:0], h.seed...)
	for _, part := range [...]string{string(k.Customer), k.Source, k.ID} {
		h.room = append(binary.AppendUvarint(h.room, uint64(len(part))), part...)
	}
	sum := sha256.Sum256(h.room)
	return int64(binary.BigEndian.Uint64(sum[:]) & h.mask) //nolint:gosec // G115: the bits are what counts
}

// keyRow is a key that is to be stored, or that was found.
type keyRow struct {
	hash, place int64
	at          int32 // of the event in the batch
}

// keysAtOnce is how many rows one statement has.
const keysAtOnce = 256

// statements are those of several rows, by how many.
type statements struct{ findKeys, putKeys, findAbout map[int]string }

func newStatements() statements {
	return statements{
		findKeys:  keyStatements(`SELECT hash, place FROM servicecoin_usage_keys WHERE hash IN (`, `?`, `)`),
		putKeys:   keyStatements(`INSERT OR IGNORE INTO servicecoin_usage_keys (hash, place) VALUES `, `(?, ?)`, ``),
		findAbout: keyStatements(`SELECT about FROM servicecoin_usage_facts WHERE about IN (`, `?`, `)`),
	}
}

const (
	putKey     = `INSERT INTO servicecoin_usage_keys (hash, place) VALUES (?, ?)`
	findKey    = `SELECT place FROM servicecoin_usage_keys WHERE hash = ?`
	replaceKey = `UPDATE servicecoin_usage_keys SET place = ?2 WHERE hash = ?1`
)

// keyStatements are of 1, 4, 16, 64 and 256 rows.
func keyStatements(head, row, end string) map[int]string {
	list := map[int]string{}
	for n := 1; n <= keysAtOnce; n *= 4 {
		list[n] = head + strings.Repeat(row+", ", n-1) + row + end
	}
	return list
}

// hashes returns the hashes of rows, and the last one again until there are as many as a
// statement has.
func hashes(args []any, rows []keyRow) []any {
	for i := range rows {
		args = append(args, rows[i].hash)
	}
	size := 1
	for size < len(rows) {
		size *= 4
	}
	for len(args) < size {
		args = append(args, rows[len(rows)-1].hash)
	}
	return args
}

// aboutAny returns those hashes of rows under which facts are kept.
func (c *change) aboutAny(ctx context.Context, rows []keyRow) (map[int64]bool, error) {
	told := map[int64]bool{}
	if c.head.fact == 0 {
		return told, nil
	}
	var about int64
	for chunk := range slices.Chunk(rows, keysAtOnce) {
		args := hashes(nil, chunk)
		err := c.ses.query(ctx, c.store.texts.findAbout[len(args)], []any{&about}, func() error {
			told[about] = true
			return nil
		}, args...)
		if err != nil {
			return nil, err
		}
	}
	return told, nil
}

// putKeys stores those keys, sorted by hash, whose hashes are free, and returns the rows
// that it found for the others. Of several with one hash the first is stored.
func (c *change) putKeys(ctx context.Context, rows []keyRow) (found []keyRow, err error) {
	args := make([]any, 0, 2*keysAtOnce)
	var hash, place int64
	there := map[int64]int64{}
	into := []any{&hash, &place}
	free := make([]keyRow, 0, keysAtOnce)
	for chunk := range slices.Chunk(rows, keysAtOnce) {
		args = hashes(args[:0], chunk)
		clear(there)
		err := c.ses.query(ctx, c.store.texts.findKeys[len(args)], into, func() error {
			there[hash] = place
			return nil
		}, args...)
		if err != nil {
			return nil, err
		}
		free = free[:0]
		for i := range chunk {
			if was, is := there[chunk[i].hash]; is {
				found = append(found, keyRow{chunk[i].hash, was, chunk[i].at})
				continue
			}
			there[chunk[i].hash] = chunk[i].place
			free = append(free, chunk[i])
		}
		if err := c.insertKeys(ctx, free, args[:0]); err != nil {
			return nil, err
		}
	}
	return found, nil
}

var errTaken = servicecoin.Unchanged(errors.New("sqlite: a key that was free is taken"))

func (c *change) insertKeys(ctx context.Context, rows []keyRow, args []any) error {
	for size := keysAtOnce; len(rows) > 0; {
		for size > len(rows) {
			size /= 4
		}
		args = args[:0]
		for i := range rows[:size] {
			args = append(args, rows[i].hash, rows[i].place)
		}
		// Without IGNORE SQLite keeps a journal of each statement.
		n, err := c.ses.exec(ctx, c.store.texts.putKeys[size], args...)
		if err != nil {
			return failed(err)
		}
		if n != int64(size) {
			return errTaken
		}
		rows = rows[size:]
	}
	return nil
}

// placeAt returns what stands under a hash.
func (ses *session) placeAt(ctx context.Context, hash int64) (place int64, there bool, err error) {
	err = ses.query(ctx, findKey, []any{&place}, func() error {
		there = true
		return nil
	}, hash)
	return place, there, err
}

func sortKeys(rows []keyRow) {
	slices.SortFunc(rows, func(a, b keyRow) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.at, b.at)) })
}

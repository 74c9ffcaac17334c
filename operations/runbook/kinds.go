package runbook

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records, as they stand in a [servicecoin.Key], all of them in the
// provider's partition.
const (
	BookRecord  = "runbook.book"  // one version of a book: [Book]
	RunRecord   = "runbook.run"   // [Run]
	PlanRecord  = "runbook.plan"  // what a run goes by: [Plan], without values
	ValueRecord = "runbook.value" // of the parameters of a plan: what can be erased of it
	EntryRecord = "runbook.entry" // [Entry], as [Entry.Bytes] writes it
)

// Key returns the key of one version of a book.
func Key(id servicecoin.RunbookID, version int) servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: BookRecord, ID: bookID(id, version)}
}

// RunKey returns the key of a run.
func RunKey(id RunID) servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: RunRecord, ID: string(id)}
}

func bookID(id servicecoin.RunbookID, version int) string {
	return store.JoinID(string(id), fmt.Sprintf("%06d", version))
}

func entryID(run RunID, number int) string {
	const zeros = "00000000" // eight digits, so that ids sort as the entries do
	digits := strconv.Itoa(number)
	return store.JoinID(string(run), zeros[min(len(digits), len(zeros)):]+digits)
}

// placeOfEntry reads the number out of the id of a record, whatever is in it.
func placeOfEntry(id string) int {
	n, err := strconv.Atoi(id[strings.LastIndexByte(id, '/')+1:])
	if err != nil {
		return 0
	}
	return n
}

var books = store.Kind[Book]{
	Name:  BookRecord,
	House: house.Own(),
	ID:    func(b Book) string { return bookID(b.ID, b.Version) },
	Indexes: []store.Index[Book]{
		{Name: "book", Columns: "ti", Of: func(b Book) store.Tuple {
			return store.Tuple{store.Text(b.ID), store.Int(b.Version)}
		}},
		{Name: "state", Columns: "tti", Of: func(b Book) store.Tuple {
			return store.Tuple{store.Text(b.State), store.Text(b.ID), store.Int(b.Version)}
		}},
		{Name: "review", Columns: "m", Of: func(b Book) store.Tuple {
			if b.State != Published || b.ReviewBy.IsZero() {
				return nil
			}
			return store.Tuple{store.Time(b.ReviewBy)}
		}},
		{Name: "follows", Columns: "ti", Of: func(b Book) store.Tuple {
			if b.State != Published {
				return nil
			}
			return store.Tuple{store.Text(b.ID), store.Int(b.Version)}
		}},
	},
}

var runs = store.Kind[Run]{
	Name:   RunRecord,
	House:  house.Own(),
	ID:     func(r Run) string { return string(r.ID) },
	Encode: writeRun,
	Decode: readRun,
	Indexes: []store.Index[Run]{
		{Name: "started", Columns: "m", Of: func(r Run) store.Tuple { return store.Tuple{store.Time(r.StartedAt)} }},
		{Name: "state", Columns: "tm", Of: func(r Run) store.Tuple {
			return store.Tuple{store.Text(r.State), store.Time(r.StartedAt)}
		}},
		{Name: "book", Columns: "tm", Of: func(r Run) store.Tuple {
			return store.Tuple{store.Text(r.Book), store.Time(r.StartedAt)}
		}},
		{Name: "due", Columns: "m", Of: func(r Run) store.Tuple {
			next, ok := r.due()
			if !ok {
				return nil
			}
			return store.Tuple{store.Time(next)}
		}},
		{Name: "change", Columns: "tm", Of: func(r Run) store.Tuple {
			if r.Change == "" {
				return nil
			}
			return store.Tuple{store.Text(r.Change), store.Time(r.StartedAt)}
		}},
		{Name: "customer", Columns: "tm", Of: func(r Run) store.Tuple {
			if r.Customer == "" {
				return nil
			}
			return store.Tuple{store.Text(r.Customer), store.Time(r.StartedAt)}
		}},
	},
}

var plans = store.Kind[pinned]{
	Name:   PlanRecord,
	House:  house.Own(),
	ID:     func(p pinned) string { return string(p.Run) },
	Encode: func(p pinned) ([]byte, error) { return p.body, nil },
	Decode: readPinned,
}

var valuesOfPlans = store.Kind[planValues]{
	Name:  ValueRecord,
	House: house.Own(),
	ID:    func(v planValues) string { return string(v.Run) },
}

var entries = store.Kind[Entry]{
	Name:   EntryRecord,
	House:  house.Own(),
	ID:     func(e Entry) string { return entryID(e.Run, e.Number) },
	Encode: func(e Entry) ([]byte, error) { return e.Bytes(), nil },
	Decode: func(b []byte) (Entry, error) { return ReadEntry(b), nil },
}

// storedEntries is the kind of entries, of which the records are left as they are
// stored: for who verifies them.
func storedEntries() store.Kind[[]byte] {
	same := func(b []byte) ([]byte, error) { return b, nil }
	return store.Kind[[]byte]{
		Name: entries.Name, House: entries.House, Encode: same, Decode: same,
		ID: func(b []byte) string { return entries.ID(ReadEntry(b)) },
	}
}

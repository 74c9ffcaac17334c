package usage

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// logRows are rows of the log. In each the entries lie by type of event, every type behind
// its name and their length, so that a question about one reads no other.
type logRows struct {
	customer    []string
	first, last []int32
	entries     [][]byte
	byType      map[string]int // places in parts
	parts       []logPart      // used again
}

type logPart struct {
	kind    string
	entries []metering.Entry
}

// add adds a row: entries of one customer.
func (l *logRows) add(entries []metering.Entry) {
	if l.byType == nil {
		l.byType = map[string]int{}
	}
	clear(l.byType)
	n := 0
	first := metering.DayOf(entries[0].Time)
	last := first
	for i := range entries {
		e := &entries[i]
		day := metering.DayOf(e.Time)
		first, last = min(first, day), max(last, day)
		at, there := l.byType[e.Type]
		if !there {
			at = n
			l.byType[e.Type] = at
			if n++; n > len(l.parts) {
				l.parts = append(l.parts, logPart{})
			}
			l.parts[at].kind, l.parts[at].entries = e.Type, l.parts[at].entries[:0]
		}
		p := &l.parts[at]
		p.entries = append(p.entries, *e)
		own := &p.entries[len(p.entries)-1]
		own.Customer, own.Type = "", "" // they are the row's and the part's
	}
	var data, part []byte
	for _, p := range l.parts[:n] {
		part = metering.AppendEntries(part[:0], p.entries)
		data = append(binary.AppendUvarint(data, uint64(len(p.kind))), p.kind...)
		data = append(binary.AppendUvarint(data, uint64(len(part))), part...)
	}
	l.customer, l.first, l.last = append(l.customer, string(entries[0].Customer)), append(l.first, first), append(l.last, last)
	l.entries = append(l.entries, slices.Clip(data))
}

var errLog = errors.New("usage: a row of the log is broken")

// readLog reads the entries of a row, those of one type or ("") all.
func readLog(customer servicecoin.CustomerID, data []byte, kind string, entry func(e *metering.Entry)) error {
	for len(data) > 0 {
		name, rest, err := cutText(data)
		if err != nil {
			return err
		}
		part, rest, err := cutText(rest)
		if err != nil {
			return err
		}
		data = rest
		if kind != "" && string(name) != kind {
			continue
		}
		entries, err := metering.ReadEntries(part)
		if err != nil {
			return err
		}
		of := string(name)
		for i := range entries {
			entries[i].Customer, entries[i].Type = customer, of
			entry(&entries[i])
		}
	}
	return nil
}

// cutText cuts off what stands behind its length.
func cutText(data []byte) (text, rest []byte, err error) {
	n, size := binary.Uvarint(data)
	if size <= 0 || n > uint64(len(data)-size) { //nolint:gosec // G115: not negative
		return nil, nil, errLog
	}
	end := size + int(n) //nolint:gosec // G115: bounded by what is there
	return data[size:end], data[end:], nil
}

package usagefile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// flush records what was read, and brings the complaints into the order of the file.
func (f *file) flush() error {
	receipt, err := f.put()
	if err != nil {
		f.merge(nil)
		return err
	}
	f.report.Added += receipt.Added
	f.report.Repeats += receipt.Repeats
	f.report.Conflicts += receipt.Conflicts
	f.report.Refused += receipt.Refused
	list := make([]Complaint, 0, len(receipt.Exceptions))
	for _, x := range receipt.Exceptions {
		c := Complaint{Line: f.at[x.Index], Outcome: x.Outcome, Source: cut(x.Source), ID: cut(x.ID)}
		if x.Reason != nil {
			var e entry
			e.merge(x.Reason)
			c.Faults, c.More = e.faults, e.more
		}
		list = append(list, c)
	}
	f.merge(list)
	f.events, f.at = f.events[:0], f.at[:0]
	return nil
}

func (f *file) put() (metering.Receipt, error) {
	if len(f.events) == 0 {
		return metering.Receipt{}, nil
	}
	return f.record(slices.Clone(f.events))
}

// merge adds the complaints of a batch.
func (f *file) merge(list []Complaint) {
	list = append(list, f.refused...)
	f.refused = nil
	slices.SortStableFunc(list, func(a, b Complaint) int { return cmp.Compare(a.Line, b.Line) })
	room := min(len(list), MaxComplaints-len(f.report.Complaints))
	f.report.Complaints = append(f.report.Complaints, list[:room]...)
	f.report.More += len(list) - room
}

// cut bounds what is repeated of a name that may be too long to be one.
func cut(name string) string {
	if len(name) > servicecoin.MaxIDBytes {
		return strings.ToValidUTF8(name[:servicecoin.MaxIDBytes], "") + "…"
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}

package usage

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"

	"github.com/servicecoin/servicecoin/metering"
)

// filling is what one page comes to.
type filling struct {
	*question

	page    pageRef
	g       *metering.Page
	pending []*tailDay // whose entries are needed, in order
	wanted  []int32    // days whose sealed entries are needed, in order
	breaks  []int32    // days that are there, and are not needed
	short   []shortDay // days that their summaries may say enough of, in order
}

// shortDay is a day whose summary may take the place of its entries.
type shortDay struct {
	day     int32
	total   metering.Total
	late    *tailDay
	summary *metering.Summary
}

func (f *filling) run(ctx context.Context, ses *session) error {
	tails := f.tails[f.page.id]
	if f.entriesAlone() {
		return f.entries(ctx, ses, tails)
	}
	months := f.totals[f.page.id]
	for len(months) > 0 || len(tails) > 0 {
		month := int64(math.MaxInt64)
		if len(months) > 0 {
			month = months[0].month
		}
		if len(tails) > 0 {
			month = min(month, monthOf(tails[0].day))
		}
		from, to := daysOf(month)
		n, _ := slices.BinarySearchFunc(tails, to, func(d tailDay, day int32) int { return cmp.Compare(d.day, day) })
		var sealed *metering.Total
		var total metering.Total
		if len(months) > 0 && months[0].month == month {
			sealed, months = &months[0].total, months[1:]
			total.Merge(sealed)
		}
		for i := range tails[:n] {
			total.Merge(&tails[i].total)
		}
		switch f.plan.NeedsMonth(from, to, &total) {
		case metering.ItsTotal:
			f.g.Total(from, &total)
		case metering.ItsEntries:
			if err := f.month(ctx, ses, month, sealed != nil, tails[:n]); err != nil {
				return err
			}
		case metering.Nothing:
		}
		tails = tails[n:]
	}
	if err := f.summaries(ctx, ses); err != nil {
		return err
	}
	return f.read(ctx, ses, f.runs())
}

// month asks for each day of a month by itself.
func (f *filling) month(ctx context.Context, ses *session, month int64, sealed bool, tails []tailDay) error {
	need := func(day int32, total *metering.Total, late *tailDay, sealed bool) {
		switch f.plan.Needs(day, total) {
		case metering.ItsTotal:
			f.g.Total(day, total)
			f.breaks = append(f.breaks, day)
		case metering.ItsEntries:
			if late != nil {
				f.pending = append(f.pending, late)
			}
			switch {
			case !sealed:
			case f.plan.Summarized():
				f.short = append(f.short, shortDay{day: day, total: *total, late: late})
			default:
				f.wanted = append(f.wanted, day)
			}
		case metering.Nothing:
			f.breaks = append(f.breaks, day)
		}
	}
	upTo := func(day int32) { // those that are not sealed at all
		for len(tails) > 0 && tails[0].day < day {
			need(tails[0].day, &tails[0].total, &tails[0], false)
			tails = tails[1:]
		}
	}
	if sealed {
		data, err := f.daysOf(ctx, ses, f.page.id, month)
		if err != nil {
			return err
		}
		err = metering.EachDayTotal(firstOf(month), data, func(day int32, text []byte) error {
			upTo(day)
			if day > f.last {
				return nil
			}
			var total metering.Total
			if err := total.UnmarshalBinary(text); err != nil {
				return err
			}
			var late *tailDay
			if len(tails) > 0 && tails[0].day == day {
				late = &tails[0]
				total.Merge(&late.total)
				tails = tails[1:]
			}
			need(day, &total, late, true)
			return nil
		})
		if err != nil {
			return err
		}
	}
	upTo(math.MaxInt32)
	return nil
}

// summaries reads those of days that may do with them. Of the others the entries are wanted.
func (f *filling) summaries(ctx context.Context, ses *session) error {
	if len(f.short) == 0 {
		return nil
	}
	var place int64
	var data sql.RawBytes
	at := 0
	f.room.texts = f.room.texts[:0] // those of the page before are handed in
	err := ses.query(ctx, listSummaries, []any{&place, &data}, func() (err error) {
		day := dayOf(place)
		for at < len(f.short) && f.short[at].day < day {
			at++
		}
		if at < len(f.short) && f.short[at].day == day {
			from := len(f.room.texts)
			f.room.texts = append(f.room.texts, data...)
			f.short[at].summary, err = metering.ReadSummary(day, f.room.texts[from:len(f.room.texts):len(f.room.texts)])
		}
		return err
	}, placeOf(f.page.id, f.short[0].day), placeOf(f.page.id, f.short[len(f.short)-1].day))
	kept := f.short[:0]
	for _, x := range f.short {
		if x.summary == nil || !f.plan.TakesSummary(x.day, &x.total, x.summary, x.late != nil) {
			f.wanted = append(f.wanted, x.day)
			continue
		}
		kept = append(kept, x)
		f.breaks = append(f.breaks, x.day)
	}
	f.short = kept
	slices.Sort(f.wanted)
	return err
}

// run is a stretch of days that are read at once.
type run struct{ from, to int32 }

// runs puts days together between which none is there that is not wanted.
func (f *filling) runs() []run {
	var list []run
	slices.Sort(f.breaks)
	for _, day := range f.wanted {
		if n := len(list); n > 0 {
			i, _ := slices.BinarySearch(f.breaks, list[n-1].to)
			if i == len(f.breaks) || f.breaks[i] > day {
				list[n-1].to = day
				continue
			}
		}
		list = append(list, run{day, day})
	}
	return list
}

// entries reads all days from the first to the last, and those before them that have
// intervals which go on.
func (f *filling) entries(ctx context.Context, ses *session, tails []tailDay) error {
	from := f.first
	if f.all {
		from = math.MinInt32
	}
	if f.last < f.first {
		return nil
	}
	for _, month := range f.early {
		data, err := f.daysOf(ctx, ses, f.page.id, month)
		if err != nil {
			return err
		}
		err = metering.EachDayTotal(firstOf(month), data, func(day int32, text []byte) error {
			var total metering.Total
			if day >= f.first {
				return nil
			}
			if err := total.UnmarshalBinary(text); err != nil {
				return err
			}
			i, late := slices.BinarySearchFunc(tails, day, func(d tailDay, day int32) int { return cmp.Compare(d.day, day) })
			if late {
				total.Merge(&tails[i].total)
			}
			if f.plan.Needs(day, &total) == metering.ItsEntries {
				f.wanted = append(f.wanted, day)
			} else {
				f.breaks = append(f.breaks, day)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for i := range tails {
		d := &tails[i]
		if d.day >= from || slices.Contains(f.wanted, d.day) || f.plan.Needs(d.day, &d.total) == metering.ItsEntries {
			f.pending = append(f.pending, d)
		}
	}
	return f.read(ctx, ses, append(f.runs(), run{max(from, -dayShift), f.last}))
}

// read hands in the entries of runs, and of the tail's days that are pending, in the
// order of their days.
func (f *filling) read(ctx context.Context, ses *session, runs []run) error {
	var place int64
	var cells, rest sql.RawBytes // good until the next row
	text, into := listCells, []any{&place, &cells}
	if f.plan.NeedsRest() {
		text, into = listWhole, append(into, &rest)
	}
	take := func() error { return f.sealed(ctx, ses, place, cells, rest) }
	for _, r := range runs {
		if err := ses.query(ctx, text, into, take, placeOf(f.page.id, r.from), placeOf(f.page.id, r.to)); err != nil {
			return err
		}
	}
	return f.upTo(math.MaxInt32)
}

// upTo hands in the days before another that only the tail has, or of which a summary says
// enough.
func (f *filling) upTo(day int32) error {
	for len(f.short) > 0 && f.short[0].day < day {
		x := f.short[0]
		f.short = f.short[1:]
		if err := f.late(x.day); err != nil {
			return err
		}
		f.g.Summary(x.day, x.summary)
	}
	return f.late(day)
}

// late hands in the days before another that only the tail has.
func (f *filling) late(day int32) error {
	for len(f.pending) > 0 && f.pending[0].day < day {
		b := metering.NewBlock(f.page.customer, f.page.kind.name)
		if err := f.pending[0].addTo(b); err != nil {
			return err
		}
		f.g.Add(b)
		f.pending = f.pending[1:]
	}
	return nil
}

// sealed hands in a day that is packed, with what the tail has of it.
func (f *filling) sealed(ctx context.Context, ses *session, place int64, cells, rest []byte) error {
	day := dayOf(place)
	if err := f.upTo(day); err != nil {
		return err
	}
	var late *tailDay
	if len(f.pending) > 0 && f.pending[0].day == day {
		late = f.pending[0]
	}
	apart := late == nil || f.plan.Adds() && !late.gone
	if rest == nil && (!apart || metering.NeedsRest(cells)) {
		whole, err := ses.sealedBlock(ctx, f.page, place)
		if err != nil {
			return err
		}
		return f.hand(whole, late, apart)
	}
	var b *metering.Block
	var err error
	if rest == nil && !f.plan.Keeps() && (late == nil || apart) {
		b, err = f.room.reader.Read(f.page.customer, f.page.kind.name, cells)
	} else {
		b, err = metering.ReadBlock(f.page.customer, f.page.kind.name, cells, rest)
	}
	if err != nil {
		return err
	}
	return f.hand(b, late, apart)
}

func (f *filling) hand(b *metering.Block, late *tailDay, apart bool) error {
	if late != nil && !apart {
		if err := late.addTo(b); err != nil {
			return err
		}
		f.pending = f.pending[1:]
	}
	f.g.Add(b) // what is apart follows with the pending ones
	return nil
}

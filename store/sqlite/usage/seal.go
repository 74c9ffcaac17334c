package usage

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin/metering"
)

const (
	getSealed  = `SELECT d.cells, r.rest FROM servicecoin_usage_days d JOIN servicecoin_usage_rests r ON r.place = d.place WHERE d.place = ?`
	putDay     = `INSERT INTO servicecoin_usage_days (place, cells) VALUES (?1, ?2) ON CONFLICT (place) DO UPDATE SET cells = ?2`
	putRest    = `INSERT INTO servicecoin_usage_rests (place, rest) VALUES (?1, ?2) ON CONFLICT (place) DO UPDATE SET rest = ?2`
	putSummary = `INSERT INTO servicecoin_usage_summaries (place, summary) VALUES (?1, ?2) ON CONFLICT (place) DO UPDATE SET summary = ?2`
	getMonth   = `SELECT m.total, t.days FROM servicecoin_usage_months m JOIN servicecoin_usage_totals t USING (kind, month, page) WHERE kind = ? AND month = ? AND page = ?`
	putMonth   = `INSERT OR REPLACE INTO servicecoin_usage_months (kind, month, page, total) VALUES (?, ?, ?, ?)`
	putTotals  = `INSERT OR REPLACE INTO servicecoin_usage_totals (kind, month, page, days) VALUES (?, ?, ?, ?)`
	putReach   = `INSERT INTO servicecoin_usage_reaches (kind, month, reach) VALUES (?1, ?2, ?3) ON CONFLICT (kind, month) DO UPDATE SET reach = max(reach, ?3)`
	listEarly  = `SELECT seq, last, entries FROM servicecoin_usage_log WHERE first < ? ORDER BY seq`
	dropLog    = `DELETE FROM servicecoin_usage_log WHERE seq = ?`
	replaceLog = `UPDATE servicecoin_usage_log SET first = ?2, entries = ?3 WHERE seq = ?1`
	nextEpoch  = `UPDATE servicecoin_usage_meta SET value = value + 1 WHERE name = 'epoch'`
)

// When the tail is sealed.
const (
	fewEntries  = 4096    // are not worth it
	mostEntries = 1 << 19 // a day is sealed in parts if it has more
	share       = 16      // of the entries are of the day that is under way
)

// limits are when the tail is sealed; tests have smaller ones.
type limits struct{ few, most int }

// due returns before which day the tail is to be sealed. The day under way is the last
// one of which there are more than some: an event of the far future is none.
func (s *Store) due() (before int32, is bool) {
	t := s.tail
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.n < s.limits.few {
		return 0, false
	}
	if t.n >= s.limits.most {
		return math.MaxInt32, true
	}
	day := int32(math.MinInt32)
	for d, n := range t.byDay {
		if d > day && n >= t.n/share {
			day = d
		}
	}
	old := 0
	for d, n := range t.byDay {
		if d < day {
			old += n
		}
	}
	return day, old >= s.limits.few && old >= t.n/2
}

// Seal packs the days that end at an instant or before: figures of them are read from
// their totals. What comes later for such a day is sealed with the next one. Append
// seals by itself; a host that calls Seal at a quiet hour after midnight, UTC, spares it
// that.
func (s *Store) Seal(ctx context.Context, until time.Time) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	return s.seal(ctx, metering.DayOf(until))
}

// seal packs the days before another.
func (s *Store) seal(ctx context.Context, before int32) (err error) {
	c, err := s.changing(ctx)
	if err != nil {
		return err
	}
	committed := false
	defer func() { err = errors.Join(err, c.done(ctx, committed)) }()
	pages, some := c.store.tail.before(before)
	if !some {
		return nil
	}
	for _, p := range pages {
		if err := s.begin(ctx); err != nil {
			return err
		}
		if err := c.sealPage(ctx, p); err != nil {
			return err
		}
	}
	if err := c.cutLog(ctx, before); err != nil {
		return err
	}
	if _, err := c.ses.exec(ctx, nextEpoch); err != nil {
		return failed(err)
	}
	h, err := c.ses.head(ctx)
	if err != nil {
		return err
	}
	if err := c.commit(ctx); err != nil {
		return err
	}
	committed = true
	t := s.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.epoch == c.head.epoch && t.seq == c.head.seq {
		t.drop(before)
		t.epoch, t.seq = h.epoch, h.seq
	}
	return nil
}

// sealing is what is sealed of a page.
type sealing struct {
	page pageRef
	days []tailDay
}

// before returns the days before another, by kind and page.
func (t *tail) before(day int32) (list []sealing, some bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if day == math.MinInt32 {
		return nil, false
	}
	for page := range t.pages {
		if days := t.view(page, math.MinInt32, day-1); len(days) > 0 {
			list = append(list, sealing{t.dir.pages[page], days})
		}
	}
	slices.SortFunc(list, func(a, b sealing) int {
		return cmp.Or(cmp.Compare(a.page.kind.id, b.page.kind.id), cmp.Compare(a.page.id, b.page.id))
	})
	return list, len(list) > 0
}

// sealPage packs days of a page, and adds them to their months.
func (c *change) sealPage(ctx context.Context, p sealing) error {
	for len(p.days) > 0 {
		month := monthOf(p.days[0].day)
		_, end := daysOf(month)
		n, _ := slices.BinarySearchFunc(p.days, end, func(d tailDay, day int32) int { return cmp.Compare(d.day, day) })
		m, err := c.ses.month(ctx, p.page, month)
		if err != nil {
			return err
		}
		reach := int64(math.MinInt64)
		for i := range p.days[:n] {
			d := &p.days[i]
			if err := c.sealDay(ctx, p.page, d, m.Days[d.day] != nil); err != nil {
				return err
			}
			m.Add(d.day, &d.total)
			reach = max(reach, d.total.Reach())
		}
		p.days = p.days[n:]
		if err := c.ses.putMonth(ctx, p.page, month, m); err != nil {
			return err
		}
		if reach != math.MinInt64 {
			if _, err := c.ses.exec(ctx, putReach, p.page.kind.id, month, reach); err != nil {
				return failed(err)
			}
		}
	}
	return nil
}

// sealDay packs a day, with what is packed of it already.
func (c *change) sealDay(ctx context.Context, p pageRef, d *tailDay, again bool) error {
	place := placeOf(p.id, d.day)
	b := metering.NewBlock(p.customer, p.kind.name)
	if again {
		old, err := c.ses.sealedBlock(ctx, p, place)
		if err != nil {
			return err
		}
		if old != nil {
			b = old
		}
	}
	if err := d.addTo(b); err != nil {
		return err
	}
	cells, rest := b.Encode()
	if _, err := c.ses.exec(ctx, putDay, place, cells); err != nil {
		return failed(err)
	}
	if _, err := c.ses.exec(ctx, putRest, place, rest); err != nil {
		return failed(err)
	}
	summary, err := b.Summary().AppendBinary(nil)
	if err != nil {
		return err
	}
	if _, err := c.ses.exec(ctx, putSummary, place, summary); err != nil {
		return failed(err)
	}
	return nil
}

// addTo adds the entries of a day to a block.
func (d *tailDay) addTo(b *metering.Block) error {
	entries, err := metering.ReadEntries(d.data)
	for i := range entries {
		b.Add(entries[i])
	}
	return err
}

// sealedBlock reads a day that is packed; nil: there is none.
func (ses *session) sealedBlock(ctx context.Context, p pageRef, place int64) (b *metering.Block, err error) {
	var cells, rest []byte
	err = ses.query(ctx, getSealed, []any{&cells, &rest}, func() (err error) {
		b, err = metering.ReadBlock(p.customer, p.kind.name, cells, rest)
		return err
	}, place)
	return b, err
}

// cutLog takes the days before another out of the log. A batch that has later ones, too,
// is written again with those.
func (c *change) cutLog(ctx context.Context, before int32) error {
	var seq int64
	var last int32
	var data []byte
	var gone []int64
	type row struct {
		seq     int64
		first   int32
		entries []byte
	}
	var kept []row
	err := c.ses.query(ctx, listEarly, []any{&seq, &last, &data}, func() error {
		if last < before {
			gone = append(gone, seq)
			return nil
		}
		entries, err := metering.ReadEntries(data)
		if err != nil {
			return err
		}
		first := int32(math.MaxInt32)
		entries = slices.DeleteFunc(entries, func(e metering.Entry) bool { return metering.DayOf(e.Time) < before })
		for i := range entries {
			first = min(first, metering.DayOf(entries[i].Time))
		}
		if len(entries) == 0 {
			gone = append(gone, seq)
			return nil
		}
		kept = append(kept, row{seq, first, metering.AppendEntries(nil, entries)})
		return nil
	}, before)
	if err != nil {
		return err
	}
	for _, seq := range gone {
		if _, err := c.ses.exec(ctx, dropLog, seq); err != nil {
			return failed(err)
		}
	}
	for _, r := range kept {
		if _, err := c.ses.exec(ctx, replaceLog, r.seq, r.first, r.entries); err != nil {
			return failed(err)
		}
	}
	return nil
}

func (ses *session) month(ctx context.Context, p pageRef, month int64) (*metering.MonthTotals, error) {
	first := firstOf(month)
	m := metering.NewMonthTotals(first)
	var total, days []byte
	err := ses.query(ctx, getMonth, []any{&total, &days}, func() (err error) {
		m, err = metering.ReadMonthTotals(first, total, days)
		return err
	}, p.kind.id, month, p.id)
	return m, err
}

func (ses *session) putMonth(ctx context.Context, p pageRef, month int64, m *metering.MonthTotals) error {
	total, days, err := m.Encode()
	if err != nil {
		return err
	}
	if _, err := ses.exec(ctx, putMonth, p.kind.id, month, p.id, total); err != nil {
		return failed(err)
	}
	if _, err := ses.exec(ctx, putTotals, p.kind.id, month, p.id, days); err != nil {
		return failed(err)
	}
	return nil
}

package metering

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// Summary is what a store keeps beside the entries of a day that is over, so that fewer
// questions have to read them: the digest of the day, and where that is much less than
// the entries, what every half of an hour comes to, in all and by dimensions, and in which
// of them each subject was seen. It says what the entries say that it was made of, and no
// more: see [Plan.Summarized].
type Summary struct {
	Leaf Leaf

	has      byte
	sections [sections][]byte // as they are written
}

// halfHour is what events come to in the half of an hour that has this place in the day.
type halfHour struct {
	place          byte
	events, valued int64
	sum            fixed.Sum
	least, largest int64 // of the values, if there are any
}

// What a summary has: halves of hours of all events, of those with the same dimensions, and
// of those of each subject, a bit for each half in which it was seen.
const (
	ofAll = iota
	ofCombos
	ofSubjects
	sections
)

const (
	summaryVersion = 1

	halves        = 48 // in a day
	microsPerHalf = microsPerDay / halves

	// How many entries a half of an hour, and a subject, have to stand for.
	worthwhile, worthwhileSubject = 4, 2
)

// Summary returns the summary of a block that has all entries of a day.
func (b *Block) Summary() *Summary {
	s := &Summary{}
	s.Leaf, _ = b.Leaf(Query{During: WholeDay(b.day())})
	if b.hasGone() || b.hasEnds() || b.odd() != nil || len(b.rows) < worthwhile {
		return s // their entries are read anyway
	}
	x := summing{Summary: s, b: b, order: b.sorted(), begin: int64(b.day()) * microsPerDay} // in order, so that it is one text for the same entries
	if x.all(len(b.rows) / worthwhile) {
		x.combos(len(b.rows) / worthwhile)
		x.subjects(len(b.rows) / worthwhileSubject)
	}
	return s
}

// summing makes a summary of a block.
type summing struct {
	*Summary

	b     *Block
	order []int32
	begin int64 // of the day
}

func (x *summing) half(i int32) byte { return byte((x.b.rows[i].at - x.begin) / microsPerHalf) } //nolint:gosec // G115: of a day

func (x *summing) keep(section int, text []byte) {
	x.has |= 1 << section
	x.sections[section] = text
}

func (x *summing) all(most int) bool {
	var list []halfHour
	for _, i := range x.order {
		if addHalf(&list, x.half(i), x.b.rows[i].value); len(list) > most {
			return false
		}
	}
	x.keep(ofAll, appendHalves(nil, list))
	return true
}

func (x *summing) combos(most int) {
	type combo struct {
		dimensions Dimensions
		hours      []halfHour
	}
	var list []combo
	place, n := map[uint32]int{}, 0
	for _, i := range x.order {
		r := &x.b.rows[i]
		at, there := place[r.combo]
		if !there {
			at = len(list)
			place[r.combo] = at
			list = append(list, combo{dimensions: x.b.of.dict.combos[r.combo]})
		}
		if addHalf(&list[at].hours, x.half(i), r.value) {
			if n++; n > most {
				return
			}
		}
	}
	out := binary.AppendUvarint(nil, uint64(len(list)))
	for _, c := range list {
		out = binary.AppendUvarint(out, uint64(len(c.dimensions)))
		for _, d := range c.dimensions {
			out = appendText(appendText(out, d.Name), d.Value)
		}
		out = appendHalves(out, c.hours)
	}
	x.keep(ofCombos, out)
}

func (x *summing) subjects(most int) {
	type subject struct {
		id    uint32
		hours uint64
	}
	var list []subject
	place := map[uint32]int{}
	for _, i := range x.order {
		id := x.b.rows[i].subject
		if id == 0 {
			continue
		}
		at, there := place[id]
		if !there {
			if at = len(list); at == most {
				return
			}
			place[id] = at
			list = append(list, subject{id: id})
		}
		list[at].hours |= 1 << x.half(i)
	}
	out := binary.AppendUvarint(nil, uint64(len(list)))
	for _, e := range list {
		out = binary.AppendUvarint(appendText(out, x.b.of.dict.texts[e.id]), e.hours)
	}
	x.keep(ofSubjects, out)
}

// addHalf adds a value to the last of halves of hours, or to a new one: it reports that.
func addHalf(list *[]halfHour, place byte, value int64) (another bool) {
	if n := len(*list); n == 0 || (*list)[n-1].place != place {
		*list, another = append(*list, halfHour{place: place}), true
	}
	h := &(*list)[len(*list)-1]
	h.events++
	if value == null {
		return another
	}
	if h.valued++; h.valued == 1 {
		h.least, h.largest = value, value
	}
	h.sum.Add(value)
	h.least, h.largest = min(h.least, value), max(h.largest, value)
	return another
}

// AppendBinary writes the summary.
func (s *Summary) AppendBinary(out []byte) ([]byte, error) {
	out = binary.AppendUvarint(append(out, summaryVersion, s.has), uint64(s.Leaf.Events)) //nolint:gosec // G115: not negative
	out = append(out, s.Leaf.Sum[:]...)
	for i, text := range s.sections {
		if s.has&(1<<i) != 0 {
			out = append(binary.AppendUvarint(out, uint64(len(text))), text...)
		}
	}
	return out, nil
}

func appendHalves(out []byte, list []halfHour) []byte {
	out = binary.AppendUvarint(out, uint64(len(list)))
	for i := range list {
		h := &list[i]
		high, low := h.sum.Words()
		out = append(out, h.place)
		for _, n := range []int64{h.events, h.valued, h.least, h.largest, high} {
			out = binary.AppendVarint(out, n)
		}
		out = binary.AppendUvarint(out, low)
	}
	return out
}

var errSummary = errors.New("metering: the summary of a day is broken")

// ReadSummary reads what [Summary.AppendBinary] has written of a day. The bytes are a part
// of the summary.
func ReadSummary(day int32, data []byte) (*Summary, error) {
	r := bytesReader{in: data}
	s := &Summary{Leaf: Leaf{Day: WholeDay(day).Start}}
	if r.byte() != summaryVersion {
		return nil, errSummary
	}
	s.has = r.byte()
	s.Leaf.Events = int64(r.uvarint()) //nolint:gosec // G115: the bits are what counts
	copy(s.Leaf.Sum[:], r.take(uint64(len(s.Leaf.Sum))))
	for i := range s.sections {
		if s.has&(1<<i) != 0 {
			s.sections[i] = r.text()
		}
	}
	if r.bad || len(r.in) > 0 || s.has >= 1<<sections {
		return nil, errSummary
	}
	return s, nil
}

// bytesReader reads, and remembers that something was wrong.
type bytesReader struct {
	in  []byte
	bad bool
}

func (r *bytesReader) take(n uint64) []byte {
	if n > uint64(len(r.in)) {
		r.bad, r.in = true, nil
		return nil
	}
	text := r.in[:n]
	r.in = r.in[n:]
	return text
}

func (r *bytesReader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *bytesReader) uvarint() uint64 {
	n, size := binary.Uvarint(r.in)
	if size <= 0 {
		r.bad, r.in = true, nil
		return 0
	}
	r.in = r.in[size:]
	return n
}

func (r *bytesReader) varint() int64 {
	n := r.uvarint()
	return int64(n>>1) ^ -int64(n&1)
}

func (r *bytesReader) text() []byte { return r.take(r.uvarint()) }

// count reads how many things follow, each of at least one byte.
func (r *bytesReader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.in)) {
		r.bad, r.in = true, nil
		return 0
	}
	return int(n) //nolint:gosec // G115: of bytes that are there
}

func (r *bytesReader) half() (h halfHour) {
	if h.place = r.byte(); h.place >= halves {
		r.bad, h.place = true, 0
	}
	var high int64
	for _, n := range [...]*int64{&h.events, &h.valued, &h.least, &h.largest, &high} {
		*n = r.varint()
	}
	h.sum = fixed.SumOf(high, r.uvarint())
	return h
}

// Summarized reports that summaries can take the place of the entries of days.
func (p *Plan) Summarized() bool {
	return p.how != fromEvents && p.m.Meter.Field == "" && !p.subject &&
		(!p.bySubjects() || len(p.m.GroupBy) == 0 && len(p.m.Meter.Filters) == 0)
}

// bySubjects reports that different subjects are counted.
func (p *Plan) bySubjects() bool {
	return p.m.Meter.Aggregation == Unique && p.m.Meter.Distinct == Subject
}

// byCombos reports that dimensions decide what counts, or where.
func (p *Plan) byCombos() bool {
	return len(p.m.GroupBy) > 0 || len(p.m.Meter.Filters) > 0 || p.m.Meter.Aggregation == Unique && p.m.Meter.Distinct != Subject
}

// TakesSummary reports that a summary says enough of a day of which the plan [Plan.Needs]
// the entries: one that [Plan.MayTakeSummary], and that has what the plan asks for.
func (p *Plan) TakesSummary(day int32, t *Total, s *Summary, late bool) bool {
	need := p.SummaryHas()
	return s.has&need == need && p.MayTakeSummary(day, t, late)
}

// MayTakeSummary reports that a summary may say enough of a day. The total is that of all
// entries; late says that some of them came after the summary: they are handed in as a
// block of their own.
func (p *Plan) MayTakeSummary(day int32, t *Total, late bool) bool {
	return p.Summarized() && (!late || p.Adds()) && t.flags == 0 && t.until < p.known && day >= p.first && p.inHalves(day)
}

// SummaryHas returns which bits the second byte of a summary has, as it is written, that
// says enough.
func (p *Plan) SummaryHas() byte {
	switch {
	case p.bySubjects():
		return 1<<ofAll | 1<<ofSubjects
	case p.byCombos():
		return 1 << ofCombos
	}
	return 1 << ofAll
}

// touching returns the windows that have a part of a day: from the first to before the last.
func (p *Plan) touching(day int32) (from, to int) {
	start := int64(day) * microsPerDay
	from, _ = slices.BinarySearch(p.ends, start+1)
	to, _ = slices.BinarySearch(p.starts, start+microsPerDay)
	return from, max(from, to)
}

// inHalves reports that the windows that touch a day begin and end in it at halves of hours.
func (p *Plan) inHalves(day int32) bool {
	start := int64(day) * microsPerDay
	from, to := p.touching(day)
	for w := from; w < to; w++ {
		if p.starts[w] > start && (p.starts[w]-start)%microsPerHalf != 0 || p.ends[w] < start+microsPerDay && (p.ends[w]-start)%microsPerHalf != 0 {
			return false
		}
	}
	return true
}

// Summary adds a summary that the plan takes: see [Plan.TakesSummary]. Days are handed in
// in their order.
func (g *Page) Summary(day int32, s *Summary) {
	p := g.plan
	if g.fault != nil {
		return
	}
	start := int64(day) * microsPerDay
	from, to := p.touching(day)
	var windowOf [halves]int32 // of each half, and 1
	var has [halves + 1]uint64 // of windows, from the first: a bit for each half that lies in one
	for w := from; w < to; w++ {
		for at := max(p.starts[w], start); at < min(p.ends[w], start+microsPerDay); at += microsPerHalf {
			half := (at - start) / microsPerHalf
			windowOf[half] = int32(w) + 1 //nolint:gosec // G115: of a list
			has[w-from] |= 1 << half
		}
	}
	r := bytesReader{in: s.sections[ofAll]}
	switch {
	case p.byCombos():
		r.in = s.sections[ofCombos]
		g.combos(&r, &windowOf)
	default:
		for n := r.count(); n > 0 && !r.bad; n-- {
			h := r.half()
			if w := windowOf[h.place]; w > 0 {
				g.half(int(w)-1, &h, p.bySubjects())
			}
		}
	}
	bad := r.bad
	for w := from; w < to && p.bySubjects(); w++ {
		r = bytesReader{in: s.sections[ofSubjects]}
		for n := r.count(); n > 0 && !r.bad; n-- {
			if text := r.text(); r.uvarint()&has[w-from] != 0 {
				g.stamp(&g.accs[w], 0, g.wordFor(text), len(g.words)+1, w)
			}
		}
		bad = bad || r.bad
	}
	if bad {
		g.fault = errSummary
	}
}

// half adds half of an hour to a window of a group.
func (g *Page) half(at int, h *halfHour, unique bool) {
	a := &g.accs[at]
	if a.events += h.events; unique {
		return
	}
	a.valued += h.valued
	a.sum.AddSum(h.sum)
	if len(g.spans) > 0 && h.valued > 0 {
		g.spans[at].widen(h.least)
		g.spans[at].widen(h.largest)
	}
}

// combos adds what a summary has by dimensions. Of texts that are counted, those of one
// window come before those of the next.
func (g *Page) combos(r *bytesReader, windowOf *[halves]int32) {
	p := g.plan
	unique := p.m.Meter.Aggregation == Unique
	var found [][2]int32 // of texts: the place of their window, and their group
	var words []uint32
	for n := r.count(); n > 0 && !r.bad; n-- {
		d := make(Dimensions, r.count())
		for k := range d {
			d[k] = Dimension{string(r.text()), string(r.text())}
		}
		word := uint32(0)
		slot := g.groupOf(&Event{Dimensions: d})
		if text := d.Get(p.m.Meter.Distinct); unique && text != "" {
			word = g.wordFor([]byte(text))
		}
		for k := r.count(); k > 0 && !r.bad; k-- {
			h := r.half()
			w := windowOf[h.place]
			if w == 0 || slot < 0 {
				continue
			}
			at := int(slot)*len(p.starts) + int(w) - 1
			if g.half(at, &h, unique); word != 0 {
				found, words = append(found, [2]int32{w - 1, slot}), append(words, word)
			}
		}
	}
	order := identity(len(found))
	slices.SortFunc(order, func(a, b int32) int { return int(found[a][0] - found[b][0]) })
	for _, i := range order {
		w, slot := found[i][0], found[i][1]
		g.stamp(&g.accs[int(slot)*len(p.starts)+int(w)], slot, words[i], len(g.words)+1, int(w))
	}
}

// wordFor returns the number of a text among those of all dictionaries.
func (g *Page) wordFor(text []byte) uint32 {
	if n, there := g.words[string(text)]; there {
		return n
	}
	return g.addWord(string(text))
}

// addWord adds a text that is not there, and returns its number.
func (g *Page) addWord(text string) uint32 {
	if g.words == nil {
		g.words = map[string]uint32{}
	}
	n := uint32(len(g.words)) + 1 //nolint:gosec // G115: fewer than events
	g.words[text] = n
	return n
}

package cost_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/storetest"
)

// many includes so many items of a fee.
func (w *world) many(n int) {
	w.t.Helper()
	for i := range n {
		w.item(cost.Item{ID: cost.ItemID("item-" + strconv.Itoa(i)), Price: "base", Quantity: servicecoin.Some(decimal.NewFromInt(int64(i%7) + 1))})
	}
}

// A statement of ten thousand lines is one statement: in parts, with one digest over all.
func TestTenThousandLines(t *testing.T) {
	t.Parallel()
	const n = 10_000
	w := newWorld(t, nil)
	w.many(n)
	st := w.issue(january)
	require.Len(t, st.Lines, n)
	require.Equal(t, "200000.00 EUR", st.Total.String())
	require.Greater(t, st.Parts, 20)
	require.Len(t, st.Digest, 64)
	stored, err := w.Get(t.Context(), january)
	w.must(err)
	require.Equal(t, lines(st), lines(stored))
	require.Equal(t, st.Digest, stored.Digest)
	proved, err := stored.Proves()
	w.must(err)
	require.True(t, proved)
	for what, change := range map[string]func(s *cost.Statement){
		"a price of one": func(s *cost.Statement) {
			of := *s.Facts[5_000].Charge
			of.Price.Price.Amount = some("21")
			s.Facts[5_000].Charge = &of
			s.Lines[lineOf(s, of.Item.ID)].Exact, s.Lines[lineOf(s, of.Item.ID)].Amount = amount("20 EUR"), amount("20 EUR")
		},
		"an amount": func(s *cost.Statement) { s.Lines[7_000].Amount = amount("19 EUR") },
		"a label":   func(s *cost.Statement) { s.Facts[9_000].Charge.Item.Name = "another" },
		"a line":    func(s *cost.Statement) { s.Lines = s.Lines[:n-1] },
		"a digest":  func(s *cost.Statement) { s.Digest = st.Digest[:63] + "x" },
		"the total": func(s *cost.Statement) { s.Total = amount("1 EUR") },
	} {
		other, err := w.Get(t.Context(), january)
		w.must(err)
		change(&other)
		proved, err := other.Proves()
		w.must(err)
		require.False(t, proved, what)
	}
	again, err := w.Issue(t.Context(), ada, january)
	w.must(err)
	require.Equal(t, lines(st), lines(again))
	require.Empty(t, corrections(w.draft(february)))
	for head, err := range w.List().All(t.Context()) {
		w.must(err)
		require.Equal(t, st.Parts, head.Parts)
		require.Empty(t, head.Lines, "a list has the head")
	}
	// The next statement corrects a line of it.
	_, err = w.End(t.Context(), ada, "item-4321", newYear)
	w.must(err)
	require.Equal(t, []string{"correction/2026-01/fee%2Fitem-4321 -20.00 EUR"}, corrections(w.draft(february)))
	replaced, err := w.Replace(t.Context(), ada, january, "an item too many")
	w.must(err)
	require.Len(t, replaced.Lines, n-1)
	require.NotEqual(t, st.Digest, replaced.Digest)
	first, err := w.Edition(t.Context(), january, 1)
	w.must(err)
	require.Equal(t, cost.Superseded, first.State)
	require.Len(t, first.Lines, n, "an edition that was replaced is whole")
}

// Wherever issuing a long statement breaks off, nothing of it is seen, and issuing it
// again issues all of it.
func TestLongStatementsBreakOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.many(300)
	w.after(january)
	w.faults.Commits()
	st, err := newWorldLike(w).Issue(t.Context(), ada, january)
	w.must(err)
	commits := w.faults.Commits()
	require.Greater(t, commits, 2)
	require.Greater(t, st.Parts, 2)
	for at := range commits {
		for _, fault := range []storetest.Fault{storetest.Before, storetest.After, storetest.Conflict} {
			w := newWorld(t, nil)
			w.many(300)
			w.after(january)
			script := make([]storetest.Fault, at+1)
			script[at] = fault
			w.faults.Script(script...)
			_, err := w.Issue(t.Context(), ada, january)
			if err != nil {
				w.faults.Script()
				if issued, missing := w.Get(t.Context(), january); fault == storetest.Before || at < commits-1 {
					require.ErrorIs(t, missing, servicecoin.ErrNotFound, "%+v", issued.State)
				}
			}
			w.faults.Script()
			again, err := w.Issue(t.Context(), ada, january)
			w.must(err)
			require.Equal(t, st.Total.String(), again.Total.String())
			stored, err := w.Get(t.Context(), january)
			w.must(err)
			proved, err := stored.Proves()
			w.must(err)
			require.True(t, proved)
			require.Len(t, stored.Lines, 300)
		}
	}
}

// parts are the records of facts and lines.
func (w *world) parts() []store.Document {
	w.t.Helper()
	all, err := w.faults.Find(w.t.Context(), store.Query{Customer: "acme", Kind: cost.PartRecord, Limit: store.MaxPage})
	w.must(err)
	return all
}

// lineOf is the place of an item's line.
func lineOf(s *cost.Statement, id cost.ItemID) int {
	return slices.IndexFunc(s.Lines, func(l cost.Line) bool { return l.ID == "fee/"+string(id) })
}

// newWorldLike is the same world: its statements.
func newWorldLike(w *world) *cost.Statements { return w.in("", money.EUR, nil) }

// What changes while a long statement is written is in it.
func TestLongStatementsChangeMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.many(300)
	w.after(january)
	commits := 0
	w.faults.Meanwhile(func(store.Commit) {
		if commits++; commits == 2 {
			w.item(cost.Item{ID: "late", Price: "base"})
		}
	})
	st, err := w.Issue(t.Context(), ada, january)
	w.faults.Meanwhile(nil)
	w.must(err)
	require.Len(t, st.Lines, 301)
	proved, err := st.Proves()
	w.must(err)
	require.True(t, proved)
	require.Greater(t, len(w.parts()), st.Parts, "what another program may be writing stays for a day")
	// What the first attempt wrote is deleted once it is old, by the next one that is long.
	*w.now = w.now.Add(48 * time.Hour)
	w.item(cost.Item{ID: "more", Price: "base"})
	_, err = w.Replace(t.Context(), ada, january, "one more")
	w.must(err)
	var want int
	for head, err := range w.List().All(t.Context()) {
		w.must(err)
		want += head.Parts
	}
	require.Len(t, w.parts(), want)

	// A statement of which a part is gone says so, and is no shorter one.
	lost := w.parts()[2]
	w.must(w.faults.Commit(t.Context(), store.Commit{Writes: []store.Write{{Document: store.Document{Key: lost.Key}, Expect: lost.Version, Delete: true}}}))
	failed := 0
	for _, edition := range []int{1, 2} {
		if _, err := w.Edition(t.Context(), january, edition); err != nil {
			require.ErrorIs(t, err, servicecoin.ErrNotFound)
			require.ErrorContains(t, err, "part ")
			failed++
		}
	}
	require.Equal(t, 1, failed)
}

// A month in which the currency changes has a statement in each account, and each
// account corrects its own.
func TestAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	day := march.In(time.UTC).Start.AddDate(0, 0, 15)
	w.publish("euros", rating.Price{Model: rating.Flat, Amount: some("31"), Proration: rating.ByDays}, newYear)
	w.publish("dollars", rating.Price{Model: rating.Flat, Amount: some("62"), Currency: money.USD, Proration: rating.ByDays}, newYear)
	w.item(cost.Item{ID: "euros"})
	w.include("disk", "disk", newYear)
	w.use("disk", time.February, 10, "10")
	w.issue(january)
	w.issue(february)

	dollars := w.in("", money.USD, nil)
	w.after(march)
	_, err := dollars.Draft(ctx, march)
	require.ErrorContains(t, err, "must be USD, that of the statement: end the item", "two accounts are no accident")
	for _, id := range []cost.ItemID{"euros", "disk"} {
		_, err := w.End(ctx, ada, id, day)
		w.must(err)
	}
	_, err = dollars.Include(ctx, ada, cost.Item{ID: "dollars", Name: "Fee", Service: "storage", Price: "dollars", From: day})
	w.must(err)
	w.use("disk", time.February, 11, "20") // late
	accounts, err := dollars.Accounts(ctx, march)
	w.must(err)
	require.Equal(t, []money.Currency{money.EUR, money.USD}, accounts)
	list, err := dollars.IssueEach(ctx, ada, march)
	w.must(err)
	require.Len(t, list, 2)
	euro, dollar := list[0], list[1]
	require.Equal(t, []string{"usage/disk no amount", "fee/euros 15.00 EUR", "correction/2026-02/usage%2Fdisk 2.10 EUR", "17.10 EUR"}, lines(euro))
	require.Equal(t, []string{"fee/dollars 32.00 USD", "32.00 USD"}, lines(dollar))
	require.Equal(t, []money.Currency{money.EUR}, dollar.Others, "it says that there is another one")
	require.Empty(t, dollar.Elsewhere, "what it cannot correct is corrected in the other one")
	require.Equal(t, "2026-03/1", euro.ID)
	require.Equal(t, "2026-03/USD/1", dollar.ID)

	again, err := dollars.IssueEach(ctx, ada, march)
	w.must(err)
	require.Equal(t, lines(list[0]), lines(again[0]))
	require.Equal(t, lines(list[1]), lines(again[1]))
	got, err := dollars.Get(ctx, march)
	w.must(err)
	require.Equal(t, dollar.ID, got.ID)
	got, err = dollars.Account(money.EUR).Get(ctx, march)
	w.must(err)
	require.Equal(t, euro.ID, got.ID)

	// Later, each account goes on: what is corrected of the old one is in a statement of its own.
	w.use("disk", time.March, 3, "100")
	april := march.Next()
	w.after(april)
	list, err = dollars.IssueEach(ctx, ada, april)
	w.must(err)
	require.Len(t, list, 2)
	require.Equal(t, "62.00 USD", list[1].Total.String())
	require.Empty(t, list[1].Elsewhere)
	require.Equal(t, []string{"correction/2026-03/usage%2Fdisk 11.50 EUR", "11.50 EUR"}, lines(list[0]))
	require.Equal(t, "2026-04/1", list[0].ID)
	w.after(april.Next())
	list, err = dollars.IssueEach(ctx, ada, april.Next())
	w.must(err)
	require.Len(t, list, 1)
	require.Empty(t, list[0].Elsewhere)

	_, err = dollars.Account("EURO").Draft(ctx, march)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// A month whose only line takes something back has its statement.
func TestNothingButACorrection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.publish("calls", rating.Price{Model: rating.PerUnit, UnitPrice: some("0.5"), Signed: true}, newYear.AddDate(0, 0, 1))
	w.include("calls", "calls", newYear.AddDate(0, 0, 1))
	w.use("calls", time.January, 5, "100")
	require.Equal(t, "50.00 EUR", w.issue(january).Total.String())
	w.use("calls", time.February, 3, "-30")
	st := w.issue(february)
	require.Equal(t, []string{"usage/calls -15.00 EUR", "-15.00 EUR"}, lines(st))
	_, err := w.End(t.Context(), ada, "calls", march.In(time.UTC).Start)
	w.must(err)
	w.use("calls", time.February, 20, "-10")
	require.Equal(t, []string{"correction/2026-02/usage%2Fcalls -5.00 EUR", "-5.00 EUR"}, lines(w.issue(march)))
}

package meteringtest

import (
	"slices"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

func digestCases() []Case {
	return []Case{
		{Name: "digest", Sentence: "Digest answers what DigestOf makes of the events that Scan yields, of whole days and of parts.", Run: caseDigest},
		{Name: "digest/known before", Sentence: "The digest of a query as of an instant stays what it was, whatever comes later.", Run: caseDigestKnownBefore},
		{Name: "verify", Sentence: "Verify finds no difference in a store whose totals are right, whatever was appended and asked.", Run: caseVerify},
	}
}

func digest(t testing.TB, s metering.EventStore, q metering.Query) metering.Digest {
	t.Helper()
	d, err := s.Digest(t.Context(), q)
	if err != nil {
		t.Fatalf("digest: %v", err)
	}
	return d
}

func caseDigest(t testing.TB, h Harness) {
	s := h.Open(t)
	list := use()
	appended(t, s, list...)
	check := func(what string) {
		t.Helper()
		for _, during := range []calendar.Interval{
			everything(acme).During, days(1)[0], calendar.Between(after(0), after(72*time.Hour)), calendar.Between(after(5*time.Hour), after(77*time.Hour+time.Microsecond)),
			calendar.Between(after(3*time.Hour), after(3*time.Hour)), calendar.Between(after(5000*time.Hour), after(6000*time.Hour)),
		} {
			for _, c := range []servicecoin.CustomerID{acme, globex, "stranger"} {
				q := metering.Query{Customer: c, Type: hours, During: during}
				want, err := metering.DigestOf(s.Scan(t.Context(), q))
				if err != nil {
					t.Fatalf("digest of the listing: %v", err)
				}
				equal(t, what+" of "+string(c)+" during "+during.String(), digest(t, s, q), want)
			}
		}
	}
	check("digest")
	before := digest(t, s, everything(acme))
	appended(t, s, list...)
	equal(t, "after a repeat", digest(t, s, everything(acme)), before)
	appended(t, s, afterthoughts(list)...)
	check("digest after facts")
	if now := digest(t, s, everything(acme)); now.Root == before.Root {
		t.Error("the digest does not tell that facts have come")
	}
	_, err := s.Digest(t.Context(), metering.Query{})
	invalid(t, "digest of nobody", err, "customer", "type", "during.start")
}

func caseDigestKnownBefore(t testing.TB, h Harness) {
	s := h.Open(t)
	list := use()
	facts := afterthoughts(list)
	appended(t, s, list[:100]...) // recorded from hour 1000 to 1009
	q := asOf(10)
	before := digest(t, s, q)
	late := slices.DeleteFunc(slices.Clone(facts), func(f metering.Event) bool { return f.RecordedAt.Before(q.KnownBefore) })
	appended(t, s, list[100:]...)
	appended(t, s, late...)
	equal(t, "as of then, after facts", digest(t, s, q), before)
	appended(t, s, facts...)
	for _, hour := range []int{0, 1, 6, 10, 15, 25, 500} {
		q := asOf(hour)
		want, err := metering.DigestOf(s.Scan(t.Context(), q))
		if err != nil {
			t.Fatalf("digest of the listing: %v", err)
		}
		equal(t, "known before hour "+number(hour), digest(t, s, q), want)
	}
}

func caseVerify(t testing.TB, h Harness) {
	s := h.Open(t)
	check := func(what string) {
		t.Helper()
		for _, c := range []servicecoin.CustomerID{acme, globex, "stranger"} {
			differences, err := s.Verify(t.Context(), c)
			if err != nil {
				t.Fatalf("%s: verify: %v", what, err)
			}
			if len(differences) > 0 {
				t.Errorf("%s: of %s %d totals are not what their events come to: %+v", what, c, len(differences), differences[0])
			}
		}
	}
	check("empty")
	list := use()
	appended(t, s, list...)
	check("after events")
	measured(t, s, metering.Measurement{Meter: meter(t, "max"), Windows: days(6)})
	check("after a question")
	for some := range slices.Chunk(afterthoughts(list), 9) {
		appended(t, s, some...)
	}
	check("after facts")
	appended(t, s, events(0, 2000)...)
	check("after many events")
	if err := s.Forget(t.Context(), acme); err != nil {
		t.Fatalf("forget: %v", err)
	}
	check("after acme was forgotten")
}

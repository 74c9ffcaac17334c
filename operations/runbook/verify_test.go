package runbook_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/store"
)

// chain is a run with so many notes, as the store has its entries.
func chain(t require.TestingT, notes int, evidence ...runbook.Evidence) (runbook.Run, [][]byte) {
	b := runbook.Book{ID: "b", Version: 1, Title: en("b"), Steps: []runbook.Step{{ID: "s", Kind: runbook.ManualStep, Title: en("s"), Text: en("s")}}}
	at := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	p, _, err := runbook.MakePlan("0197f3f0-1234-7abc-8def-0123456789ab", b, nil, nil, nil)
	require.NoError(t, err)
	r, err := runbook.Open(ada, at, p, nil, runbook.NewRun{})
	require.NoError(t, err)
	salt := uint64(0)
	var stored [][]byte
	for n := range notes {
		if n > 0 {
			require.NoError(t, r.Note(p, bob, at.Add(time.Duration(n)*time.Second), runbook.Note{Step: "s", Text: fmt.Sprintf("looked at the graph of server %d again, all is well", n), Evidence: evidence}))
		}
		list, err := r.Seal(func() runbook.Salt { salt++; return runbook.Salt(fmt.Appendf(nil, "%016d", salt)) })
		require.NoError(t, err)
		require.Len(t, list, 1)
		stored = append(stored, list[0].Bytes())
	}
	return r, stored
}

func verify(r runbook.Run, stored [][]byte) runbook.Verdict {
	v := runbook.NewVerifier(r.ID, r.Count, r.Head)
	for n, b := range stored {
		if b != nil {
			v.AddBytes(n+1, b)
		}
	}
	return v.Verdict()
}

// verifyRead is verify of entries that were read before; it finds the same.
func verifyRead(t require.TestingT, r runbook.Run, stored [][]byte) runbook.Verdict {
	v := runbook.NewVerifier(r.ID, r.Count, r.Head)
	for n, b := range stored {
		if b != nil {
			v.Add(n+1, runbook.ReadEntry(b))
		}
	}
	found := v.Verdict()
	require.Equal(t, verify(r, stored), found)
	return found
}

// reseal is what somebody does who knows how the digest is made.
func reseal(b []byte, change func(sealed []byte) []byte) []byte {
	e := runbook.ReadEntry(slices.Clone(b))
	e.Sealed = change(e.Sealed)
	e.Digest = sha256.Sum256(e.Sealed)
	return e.Bytes()
}

type flaw struct {
	number, until int
	kind          runbook.FlawKind
}

func flaws(v runbook.Verdict) []flaw {
	var list []flaw
	for _, f := range v.Flaws {
		list = append(list, flaw{f.Number, f.Until, f.Kind})
	}
	return list
}

func TestEveryFlawIsNamed(t *testing.T) {
	t.Parallel()
	r, whole := chain(t, 6)
	other, _ := chain(t, 3)
	require.Equal(t, r.ID, other.ID)
	edited := func(sealed []byte) []byte { return bytes.Replace(sealed, []byte("run."), []byte("ran."), 1) }
	rechained := func(sealed []byte) []byte { return append(bytes.Repeat([]byte{9}, 32), sealed[32:]...) }
	foreign := func(sealed []byte) []byte { return bytes.Replace(sealed, []byte("89ab"), []byte("89ac"), 1) }
	for _, c := range []struct {
		name   string
		change func(s [][]byte) [][]byte
		want   []flaw
	}{
		{"nothing", func(s [][]byte) [][]byte { return s }, nil},
		{"a byte of the fact", func(s [][]byte) [][]byte { s[2][200] ^= 1; return s }, []flaw{{3, 0, runbook.EntryChanged}}},
		{"the digest", func(s [][]byte) [][]byte { s[2][5] ^= 1; return s }, []flaw{{3, 0, runbook.EntryChanged}}},
		{"the open text", func(s [][]byte) [][]byte { s[2][len(s[2])-1] ^= 1; return s }, []flaw{{3, 0, runbook.EntryChanged}}},
		{"a salt", func(s [][]byte) [][]byte { i := bytes.Index(s[2], []byte("looked")); s[2][i-1] ^= 1; return s }, []flaw{{3, 0, runbook.EntryChanged}}},
		{"resealed", func(s [][]byte) [][]byte { s[2] = reseal(s[2], edited); return s }, []flaw{{3, 0, runbook.EntryChanged}}},
		{"the first one resealed", func(s [][]byte) [][]byte { s[0] = reseal(s[0], edited); return s }, []flaw{{1, 0, runbook.EntryChanged}}},
		{"the last one resealed", func(s [][]byte) [][]byte { s[5] = reseal(s[5], edited); return s }, []flaw{{6, 0, runbook.EntryChanged}}},
		{"chained to something else", func(s [][]byte) [][]byte { s[2] = reseal(s[2], rechained); return s }, []flaw{{3, 0, runbook.EntryChanged}}},
		{"the first chained to something", func(s [][]byte) [][]byte { s[0] = reseal(s[0], rechained); return s }, []flaw{{1, 0, runbook.EntryChanged}}},
		{"the last chained to something else", func(s [][]byte) [][]byte { s[5] = reseal(s[5], rechained); return s }, []flaw{{6, 0, runbook.EntryChanged}}},
		{"of another run", func(s [][]byte) [][]byte { s[2] = reseal(s[2], foreign); return s }, []flaw{{3, 0, runbook.EntryReordered}}},
		{"nonsense", func(s [][]byte) [][]byte { s[2] = []byte("{}"); return s }, []flaw{{3, 0, runbook.EntryChanged}}},
		{"cut short", func(s [][]byte) [][]byte { s[2] = s[2][:len(s[2])-1]; return s }, []flaw{{3, 0, runbook.EntryChanged}}},
		{"one dropped", func(s [][]byte) [][]byte { s[2] = nil; return s }, []flaw{{3, 0, runbook.EntryDropped}}},
		{"the first dropped", func(s [][]byte) [][]byte { s[0] = nil; return s }, []flaw{{1, 0, runbook.EntryDropped}}},
		{"the last dropped", func(s [][]byte) [][]byte { return s[:5] }, []flaw{{6, 0, runbook.EntryDropped}}},
		{"the last three dropped", func(s [][]byte) [][]byte { return s[:3] }, []flaw{{4, 6, runbook.EntryDropped}}},
		{"all dropped", func([][]byte) [][]byte { return nil }, []flaw{{1, 6, runbook.EntryDropped}}},
		{"neighbours swapped", func(s [][]byte) [][]byte { s[2], s[3] = s[3], s[2]; return s }, []flaw{{3, 0, runbook.EntryReordered}, {4, 0, runbook.EntryReordered}}},
		{"far ones swapped", func(s [][]byte) [][]byte { s[0], s[5] = s[5], s[0]; return s }, []flaw{{1, 0, runbook.EntryReordered}, {6, 0, runbook.EntryReordered}}},
		{"dropped and moved up", func(s [][]byte) [][]byte { return slices.Delete(s, 3, 4) }, []flaw{{4, 0, runbook.EntryReordered}, {5, 0, runbook.EntryReordered}, {6, 0, runbook.EntryDropped}}},
		{"one added", func(s [][]byte) [][]byte { return append(s, s[5]) }, []flaw{{7, 0, runbook.EntryAdded}}},
		{"two changed", func(s [][]byte) [][]byte { s[1][200] ^= 1; s[4] = reseal(s[4], edited); return s }, []flaw{{2, 0, runbook.EntryChanged}, {5, 0, runbook.EntryChanged}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var s [][]byte
			for _, b := range whole {
				s = append(s, slices.Clone(b))
			}
			require.Equal(t, c.want, flaws(verifyRead(t, r, c.change(s))))
		})
	}
}

func TestAnErasedEntryIsErasedAndNotChanged(t *testing.T) {
	t.Parallel()
	r, s := chain(t, 4)
	e := runbook.ReadEntry(s[1])
	e, changed := e.Erase(func(label, _ string) bool { return label == "actor" })
	require.True(t, changed)
	s[1] = e.Bytes()
	v := verifyRead(t, r, s)
	require.True(t, v.Sound())
	require.Equal(t, []int{2}, v.Erased)
	l, err := runbook.ReadEntry(s[1]).Read()
	require.NoError(t, err)
	require.Nil(t, l.Actor)
	require.Equal(t, []string{"actor"}, l.Erased)
	require.NotEmpty(t, l.Texts["text"])
}

func TestAnySingleChangeIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	r, whole := chain(t, 8)
	rapid.Check(t, func(t *rapid.T) {
		var s [][]byte
		for _, b := range whole {
			s = append(s, slices.Clone(b))
		}
		n := rapid.IntRange(0, len(s)-1).Draw(t, "entry")
		switch rapid.SampledFrom([]string{"bit", "drop", "swap", "cut", "grow", "reseal"}).Draw(t, "how") {
		case "bit":
			i := rapid.IntRange(0, len(s[n])-1).Draw(t, "byte")
			s[n][i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case "drop":
			s[n] = nil
		case "swap":
			m := rapid.IntRange(0, len(s)-1).Filter(func(m int) bool { return m != n }).Draw(t, "other")
			s[n], s[m] = s[m], s[n]
			got := flaws(verifyRead(t, r, s))
			want := []flaw{{min(n, m) + 1, 0, runbook.EntryReordered}, {max(n, m) + 1, 0, runbook.EntryReordered}}
			require.Equal(t, want, got)
			return
		case "cut":
			s[n] = s[n][:rapid.IntRange(0, len(s[n])-1).Draw(t, "length")]
		case "grow":
			s[n] = append(s[n], rapid.SliceOfN(rapid.Byte(), 1, 9).Draw(t, "more")...)
		case "reseal":
			i := rapid.IntRange(0, 400).Draw(t, "at")
			s[n] = reseal(s[n], func(sealed []byte) []byte { sealed[i%len(sealed)] ^= 4; return sealed })
		}
		got := verifyRead(t, r, s)
		require.Len(t, got.Flaws, 1)
		require.Equal(t, n+1, got.Flaws[0].Number)
	})
}

func TestTheStoreNamesWhatWasDoneToIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, failover())
	ctx := t.Context()
	h.start(t, "failover")
	for n := range 5 {
		h.clock.pass(time.Second)
		_, err := h.runs.Note(ctx, ada, "r1", runbook.Note{Text: fmt.Sprintf("note %d", n)})
		require.NoError(t, err)
	}
	sound(t, h, "r1")
	c := store.Of(h.store.For(servicecoin.Provider), runbook.EntryKind())
	second, err := c.Item(ctx, "r1/00000002")
	require.NoError(t, err)
	bad := second.Value
	bad.Sealed = bytes.Replace(bad.Sealed, []byte("run.note"), []byte("run.nose"), 1)
	require.NoError(t, c.Put(ctx, bad, second.Version))
	require.NoError(t, c.Delete(ctx, "r1/00000006"))
	v, err := h.runs.Verify(ctx, "r1")
	require.NoError(t, err)
	require.Equal(t, []flaw{{2, 0, runbook.EntryChanged}, {6, 0, runbook.EntryDropped}}, flaws(v))
	_, err = h.runs.Note(ctx, ada, "r1", runbook.Note{Text: "it goes on"})
	require.NoError(t, err)
	v, err = h.runs.Verify(ctx, "r1")
	require.NoError(t, err)
	require.Equal(t, []flaw{{2, 0, runbook.EntryChanged}, {6, 0, runbook.EntryDropped}}, flaws(v))
}

func TestErasing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, failover())
	ctx := t.Context()
	h.start(t, "failover")
	_, err := h.runs.Finish(ctx, bob, "r1", runbook.Finished{At: at("look"), Note: "bob saw db-7 die"})
	require.NoError(t, err)
	_, err = h.runs.Measure(ctx, carol, "r1", runbook.Measured{At: at("lag"), Value: "3"})
	require.NoError(t, err)
	_, err = h.runs.HandOver(ctx, ada, "r1", "bob", "for bob's shift")
	require.NoError(t, err)
	before, err := h.runs.Get(ctx, "r1")
	require.NoError(t, err)

	raw := func() string {
		var b strings.Builder
		for e, err := range h.runs.Entries("r1").All(ctx) {
			require.NoError(t, err)
			b.Write(e.Bytes())
		}
		r, err := h.runs.Get(ctx, "r1")
		require.NoError(t, err)
		p, err := h.runs.Plan(ctx, "r1")
		require.NoError(t, err)
		return b.String() + fmt.Sprintf("%+v %+v", r, p)
	}
	require.Contains(t, raw(), "db-7")
	require.NoError(t, h.runs.ErasePerson(ctx, ada, "bob"))
	v, err := h.runs.Verify(ctx, "r1")
	require.NoError(t, err)
	require.True(t, v.Sound())
	require.Equal(t, []int{2, 4}, v.Erased)
	r, err := h.runs.Get(ctx, "r1")
	require.NoError(t, err)
	require.Equal(t, before.Head, r.Head)
	require.Equal(t, runbook.ErasedPerson, r.Lead)
	require.NotContains(t, r.People, servicecoin.PersonID("bob"))
	s, _ := r.Status("look")
	require.Equal(t, runbook.ErasedPerson, s.By)
	require.NotContains(t, raw(), "saw db-7 die")
	lines := h.lines(t, "r1")
	require.Nil(t, lines[1].Actor)
	require.Equal(t, "for bob's shift", lines[3].Texts["text"], "ada wrote it")
	require.Equal(t, []string{"person"}, lines[3].Erased)
	require.NoError(t, h.runs.EraseText(ctx, ada, "r1", 4))
	require.NotContains(t, raw(), "bob's shift")

	require.NoError(t, h.runs.Forget(ctx, ada, "acme"))
	require.NoError(t, h.runs.Forget(ctx, ada, "acme"), "again")
	sound(t, h, "r1")
	require.NotContains(t, raw(), "db-7")
	require.NotContains(t, raw(), "acme")
	p, err := h.runs.Plan(ctx, "r1")
	require.NoError(t, err)
	step, ok := p.Step("look")
	require.True(t, ok)
	require.Equal(t, "Look at `{{primary}}`.", step.Text["en"])
	lines = h.lines(t, "r1")
	require.Equal(t, ada, *lines[0].Actor, "who did it was not the customer's")
	_, err = h.runs.Fail(ctx, ada, "r1", "the customer is gone")
	require.NoError(t, err)
	sound(t, h, "r1")
}

func FuzzReadEntry(f *testing.F) {
	_, s := chain(f, 3)
	for _, b := range s {
		f.Add(b)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		e := runbook.ReadEntry(b)
		v := runbook.NewVerifier("x", 1, "")
		v.Add(1, e)
		found := v.Verdict()
		require.False(t, found.Sound())
		w := runbook.NewVerifier("x", 1, "")
		w.AddBytes(1, b)
		require.Equal(t, found, w.Verdict())
		if _, err := e.Read(); err == nil && !bytes.Equal(e.Bytes(), b) {
			t.Fatal("what is read is not written the same")
		}
	})
}

// BenchmarkVerify verifies a chain beside a SHA-256 over the same bytes. Two digests an
// entry are what it takes: of what is sealed, and of what is open and may be erased. Of a
// short note each of them ends in a block of its own that is not full, which is what
// makes these dearer than steps with evidence.
func BenchmarkVerify(b *testing.B) {
	const many = 100_000
	shown := []runbook.Evidence{
		{Text: "kubectl -n mail get pods: mail-0 1/1 Running 0 12d, mail-1 1/1 Running 0 12d, mail-2 1/1 Running 0 3m, no restarts since the change, queue is empty"},
		{Value: decimal.NewNullDecimal(decimal.New(125, -1)), Unit: "s"},
		{Link: "https://graphs.example.com/d/mail?from=now-1h"},
	}
	for _, c := range []struct {
		name     string
		evidence []runbook.Evidence
	}{{"short notes", nil}, {"steps with evidence", shown}} {
		r, s := chain(b, many, c.evidence...)
		size := 0
		for n := range s {
			size += len(s[n])
		}
		b.Run(c.name+"/verify", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				if !verify(r, s).Sound() {
					b.Fatal("not sound")
				}
			}
		})
		b.Run(c.name+"/in turns", func(b *testing.B) {
			var ratios []float64
			for b.Loop() {
				begun := time.Now()
				if !verify(r, s).Sound() {
					b.Fatal("not sound")
				}
				verified := time.Now()
				h := sha256.New()
				for n := range s {
					h.Write(s[n])
				}
				h.Sum(nil)
				ratios = append(ratios, float64(verified.Sub(begun))/float64(time.Since(verified)))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "of-SHA-256")
		})
		b.Run(c.name+"/SHA-256 of all", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				h := sha256.New()
				for n := range s {
					h.Write(s[n])
				}
				h.Sum(nil)
			}
		})
		b.Run(c.name+"/SHA-256 of each", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			var x byte
			for b.Loop() {
				for n := range s {
					d := sha256.Sum256(s[n])
					x ^= d[0]
				}
			}
			_ = x
		})
	}
}

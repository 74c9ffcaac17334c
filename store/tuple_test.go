package store_test

import (
	"bytes"
	"cmp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/store"
)

// Encoded tuples sort as their columns do.
func TestTuplesSort(t *testing.T) {
	t.Parallel()
	type row struct {
		text   string
		number int64
		at     time.Time
	}
	tuple := func(r row) []byte {
		return store.Tuple{store.Text(r.text), store.Int(r.number), store.Time(r.at)}.Encode()
	}
	gen := rapid.Custom(func(t *rapid.T) row {
		text := rapid.SampledFrom([]string{"", "a", "a\x00", "a\x00\xff", "a\xff", "b"}).Draw(t, "text")
		if rapid.Bool().Draw(t, "any") {
			text = string(rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(t, "bytes"))
		}
		return row{text, rapid.Int64().Draw(t, "number"), time.UnixMicro(rapid.Int64Range(-1<<55, 1<<55).Draw(t, "at"))}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		if rapid.Bool().Draw(t, "same text") {
			b.text = a.text
		}
		if rapid.Bool().Draw(t, "same number") {
			b.number = a.number
		}
		want := cmp.Or(cmp.Compare(a.text, b.text), cmp.Compare(a.number, b.number), a.at.Compare(b.at))
		if got := bytes.Compare(tuple(a), tuple(b)); got != want {
			t.Fatalf("%v and %v: got %d, want %d", a, b, got, want)
		}
	})
}

func TestTupleOfNothingIsNoValue(t *testing.T) {
	t.Parallel()
	require.Nil(t, store.Tuple(nil).Encode())
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add("MQEEbm90ZQRhY21lBDA1MjkMAmIAA4AAAAAAABWZ")
	f.Fuzz(func(t *testing.T, text string) {
		s := store.New(empty{}, nil)
		page, err := store.Of(s.For("acme"), things).Find(store.All()).Page(t.Context(), text, 10)
		if err == nil && (len(page.Items) > 0 || page.Next != "") {
			t.Errorf("a cursor made something out of nothing: %v", page)
		}
	})
}

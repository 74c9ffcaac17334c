package metering_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

func digestOf(t testing.TB, events ...metering.Event) metering.Digest {
	t.Helper()
	d, err := metering.DigestOf(each(events...))
	require.NoError(t, err)
	return d
}

// Each part of what an event says changes its digest; how a number is written, and when the
// event became known, does not.
func TestDigestOfContent(t *testing.T) {
	t.Parallel()
	base := happened(15, 1)
	base.Subject, base.Dimensions = "vm", metering.Dimensions{{Name: "region", Value: "eu"}}
	base.Fields = metering.Fields{{Name: "size", Value: decimal.NewFromInt(2)}}
	seen := map[string]string{digestOf(t, base).Root: "the event"}
	for name, change := range map[string]func(e *metering.Event){
		"customer":          func(e *metering.Event) { e.Customer = "acm" },
		"source":            func(e *metering.Event) { e.Source = "S" },
		"id":                func(e *metering.Event) { e.ID = "e2" },
		"a shifted border":  func(e *metering.Event) { e.Source, e.ID = "se", "" },
		"type":              func(e *metering.Event) { e.Type = "vm.starts" },
		"subject":           func(e *metering.Event) { e.Subject = "" },
		"time":              func(e *metering.Event) { e.Time = e.Time.Add(time.Microsecond) },
		"end":               func(e *metering.Event) { e.End = e.Time.Add(time.Hour) },
		"open":              func(e *metering.Event) { e.Open = true },
		"value":             func(e *metering.Event) { e.Value = servicecoin.Some(decimal.New(15, -1)) },
		"zero":              func(e *metering.Event) { e.Value = servicecoin.Some(decimal.Zero) },
		"no value":          func(e *metering.Event) { e.Value = servicecoin.Undefined() },
		"field":             func(e *metering.Event) { e.Fields = metering.Fields{{Name: "size", Value: decimal.NewFromInt(3)}} },
		"no field":          func(e *metering.Event) { e.Fields = nil },
		"dimension's value": func(e *metering.Event) { e.Dimensions = metering.Dimensions{{Name: "region", Value: "us"}} },
		"dimension's name":  func(e *metering.Event) { e.Dimensions = metering.Dimensions{{Name: "zone", Value: "eu"}} },
		"no dimension":      func(e *metering.Event) { e.Dimensions = nil },
	} {
		e := base
		change(&e)
		root := digestOf(t, e).Root
		require.NotContains(t, seen, root, "%s: as %s", name, seen[root])
		seen[root] = name
	}
	same := base
	same.Value, same.RecordedAt = servicecoin.Some(decimal.New(1500, -2)), clock(9)
	same.Time = same.Time.In(time.FixedZone("", 3600))
	same.Fields = metering.Fields{{Name: "size", Value: decimal.New(200, -2)}}
	require.Empty(t, gocmp.Diff(digestOf(t, base), digestOf(t, same)))
}

// A digest is the root over the leaves of its days, which anybody can work out from what
// the comment of NewDigest says.
func TestDigestTree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		days := make([]metering.Leaf, rapid.IntRange(0, 20).Draw(t, "days"))
		var hashes [][]byte
		events := int64(0)
		for i := range days {
			days[i] = metering.Leaf{Day: time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC), Events: int64(rapid.IntRange(1, 1000).Draw(t, "events")), Sum: sha256.Sum256([]byte{byte(i)})}
			text := binary.BigEndian.AppendUint64([]byte{0}, uint64(days[i].Day.Unix()))
			text = binary.BigEndian.AppendUint64(text, uint64(days[i].Events))
			sum := sha256.Sum256(append(text, days[i].Sum[:]...))
			hashes = append(hashes, sum[:])
			events += days[i].Events
		}
		d := metering.NewDigest(days)
		require.Equal(t, []any{metering.DigestTree, events}, []any{d.Rule, d.Events})
		require.Equal(t, hex.EncodeToString(merkle(hashes)), d.Root)
		require.Empty(t, gocmp.Diff(days, d.Days, gocmp.Comparer(func(a, b metering.Leaf) bool { return a == b })))
	})
}

// merkle is the tree hash as RFC 6962 defines it: split at the largest power of two that is
// smaller than the number of leaves.
func merkle(leaves [][]byte) []byte {
	switch n := len(leaves); n {
	case 0:
		sum := sha256.Sum256(nil)
		return sum[:]
	case 1:
		return leaves[0]
	default:
		k := 1
		for k*2 < n {
			k *= 2
		}
		sum := sha256.Sum256(append(append([]byte{1}, merkle(leaves[:k])...), merkle(leaves[k:])...))
		return sum[:]
	}
}

func TestDigestOfDays(t *testing.T) {
	t.Parallel()
	first, second, third := happened(1, 1), happened(2, 1), happened(3, 1)
	second.Time, third.Time = clock(24).Add(-time.Microsecond), clock(24)
	d := digestOf(t, first, second, third)
	require.EqualValues(t, 3, d.Events)
	require.Len(t, d.Days, 2)
	require.Equal(t, []any{clock(0), int64(2), clock(24), int64(1)}, []any{d.Days[0].Day, d.Days[0].Events, d.Days[1].Day, d.Days[1].Events})
	require.Equal(t, d.Days[1], digestOf(t, third).Days[0], "a day's leaf is that of its events alone")
	require.Equal(t, d, metering.NewDigest(d.Days))
	require.NotEqual(t, d.Root, digestOf(t, second, first, third).Root, "the order counts")
	zoned := third
	zoned.Time = zoned.Time.In(time.FixedZone("", -7200))
	require.Equal(t, digestOf(t, third), digestOf(t, zoned), "days are those of UTC")

	none := digestOf(t)
	require.Empty(t, none.Days)
	sum := sha256.Sum256(nil)
	require.Equal(t, hex.EncodeToString(sum[:]), none.Root)

	_, err := metering.DigestOf(func(yield func(metering.Event, error) bool) { yield(metering.Event{}, errShelf) })
	require.ErrorIs(t, err, errShelf)
}

func TestDigestJSON(t *testing.T) {
	t.Parallel()
	d := digestOf(t, happened(1, 1))
	text, err := json.Marshal(d)
	require.NoError(t, err)
	var again metering.Digest
	require.NoError(t, json.Unmarshal(text, &again))
	require.Equal(t, []any{d.Rule, d.Root, d.Events}, []any{again.Rule, again.Root, again.Events})
}

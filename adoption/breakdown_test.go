package adoption_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
)

func tallies(t require.TestingT, s *adoption.Survey, sizes map[servicecoin.CustomerID]int) map[servicecoin.CustomerID]*adoption.Tally {
	m := map[servicecoin.CustomerID]*adoption.Tally{}
	for customer, n := range sizes {
		m[customer] = s.Tally()
		for i := range n {
			require.NoError(t, m[customer].Add(adoption.Answer{Survey: s.ID, Scores: []int{1 + i%5}}))
		}
	}
	return m
}

func TestBreakdownWithholdsSmallCells(t *testing.T) {
	t.Parallel()
	s := survey()
	for name, c := range map[string]struct {
		sizes map[servicecoin.CustomerID]int
		total bool
		want  string // "+" shown, "-" withheld, by customer
	}{
		"all large":                 {map[servicecoin.CustomerID]int{"a": 5, "b": 9}, true, "+a +b"},
		"a small one takes another": {map[servicecoin.CustomerID]int{"a": 9, "b": 4, "c": 5}, true, "+a -b -c"},
		"the first of equals":       {map[servicecoin.CustomerID]int{"b": 6, "c": 1, "a": 6}, true, "-a +b -c"},
		"small ones hide together":  {map[servicecoin.CustomerID]int{"a": 9, "b": 4, "c": 1}, true, "+a -b -c"},
		"not quite enough":          {map[servicecoin.CustomerID]int{"a": 9, "b": 2, "c": 2}, true, "-a -b -c"},
		"none answered":             {map[servicecoin.CustomerID]int{"a": 0, "b": 0}, true, "+a +b"},
		"none and few":              {map[servicecoin.CustomerID]int{"a": 0, "b": 4}, false, "+a -b"},
		"few in all":                {map[servicecoin.CustomerID]int{"a": 2, "b": 2}, false, "-a -b"},
		"nobody was asked":          {nil, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := s.Breakdown(nil, tallies(t, &s, c.sizes))
			require.NoError(t, err)
			require.Equal(t, c.total, got.Total != nil)
			var shown []string
			for _, cell := range got.Cells {
				mark := "-"
				if cell.Score != nil {
					mark = "+"
					require.Equal(t, c.sizes[cell.Customer], cell.Score.N)
				}
				shown = append(shown, mark+string(cell.Customer))
			}
			require.Equal(t, c.want, strings.Join(shown, " "))
		})
	}
	other := survey()
	other.ID = "x"
	_, err := s.Breakdown(nil, tallies(t, &other, map[servicecoin.CustomerID]int{"a": 5}))
	require.Equal(t, []string{"tallies mismatch"}, codes(err))
	_, err = s.Breakdown(&adoption.Policy{Least: -1}, nil)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	all, err := s.Breakdown(&adoption.Policy{Least: 1}, tallies(t, &s, map[servicecoin.CustomerID]int{"a": 1, "b": 2}))
	require.NoError(t, err)
	require.NotNil(t, all.Cells[0].Score, "1 switches it off")
}

// Whatever the sizes: what is withheld, the total less what is shown, is nobody
// or no small group.
func TestBreakdownGivesNobodyAway(t *testing.T) {
	t.Parallel()
	s := survey()
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.IntRange(1, 12).Draw(t, "least")
		sizes := map[servicecoin.CustomerID]int{}
		for n, x := range rapid.SliceOfN(rapid.IntRange(0, 20), 0, 8).Draw(t, "sizes") {
			sizes[servicecoin.CustomerID(strconv.Itoa(n))] = x
		}
		got, err := s.Breakdown(&adoption.Policy{Least: least}, tallies(t, &s, sizes))
		require.NoError(t, err)
		require.Len(t, got.Cells, len(sizes))
		shown, total := 0, 0
		for _, x := range sizes {
			total += x
		}
		for _, c := range got.Cells {
			if c.Score != nil {
				require.True(t, c.Score.N == 0 || c.Score.N >= least)
				shown += c.Score.N
			}
		}
		if got.Total == nil {
			require.Positive(t, total)
			require.Less(t, total, least)
			return
		}
		require.Equal(t, total, got.Total.N)
		if withheld := total - shown; withheld > 0 {
			require.GreaterOrEqual(t, withheld, least)
		}
	})
}

// codes lists "path code" of every violation, none for another error.
func codes(err error) (list []string) {
	if e, ok := errors.AsType[*servicecoin.InvalidError](err); ok {
		for _, v := range e.Violations {
			list = append(list, v.Path+" "+v.Code)
		}
	}
	return list
}

package adoption_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/estimate"
)

// vector is a case of testdata/vectors.
type vector struct {
	ID     string          `json:"id"`
	Kind   string          `json:"kind"`
	Input  json.RawMessage `json:"input"`
	Expect json.RawMessage `json:"expect"`
	Quirk  bool            `json:"quirk"`
	Source string          `json:"source"`
	Note   string          `json:"note"`
}

// elsewhere lists the kinds that other rooms or later issues answer, and why.
func elsewhere() map[string]string {
	return map[string]string{
		"guide_analytics": "views and completions of guides are a matter of activity events: analytics",
		"percent_shares":  "bars that sum to 100 are tested beside estimate.PercentShares",
		"sus_grade":       "a letter for a score is a host's way of saying it",
		"survey_rates":    "who was shown a survey is a matter of activity events: analytics",
	}
}

// quirks is the policy for each case that only its source behaves like: a named
// way to it, or a refusal to behave so.
func quirks() map[string]string {
	return map[string]string{
		"fb-nps-dismissed-in-denominator": "refused: a dismissal is no answer and in no denominator",
		"fb-nps-none":                     "refused: a score without answers is undefined, never 0",
		"fb-csat-none":                    "refused: a score without answers is undefined, never 0",
		"fb-rating-none":                  "refused: a score without answers is undefined, never 0",
		"sus-all-fives":                   "named: it scores 50 as published, and StraightLined marks it",
		"nps-ci-10-0-0":                   "named: WaldUnclipped has no width where all agree; scores use AdjustedWald, which has",
		"ci-agresti-coull-29-of-30":       "named: AgrestiCoullUnclipped leaves the range; AgrestiCoull is cut to it",
	}
}

func TestVectors(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, file := range []string{"surveys.json", "proportion_intervals.json"} {
		text, err := os.ReadFile("testdata/vectors/" + file)
		require.NoError(t, err)
		set := fields[struct {
			Set   string   `json:"set"`
			Kinds []string `json:"kinds"`
			Count int      `json:"count"`
			Cases []vector `json:"cases"`
		}](t, text)
		require.Equal(t, file, set.Set+".json")
		require.NotEmpty(t, set.Cases)
		require.Len(t, set.Cases, set.Count)
		passed, refused, quirk, other := 0, 0, 0, 0
		for _, c := range set.Cases {
			if _, ok := elsewhere()[c.Kind]; ok && !c.Quirk {
				other++
				continue
			}
			require.Contains(t, set.Kinds, c.Kind)
			answer, ok := answers()[c.Kind]
			require.True(t, ok, "no answer to kind %s of case %s", c.Kind, c.ID)
			got, want := answer(t, c), flat(t, c.Expect)
			policy := ""
			if c.Quirk {
				quirk++
				seen[c.ID] = true
				policy, ok = quirks()[c.ID]
				require.True(t, ok, "quirk %s needs a named policy or a refusal", c.ID)
			}
			for name := range want {
				_, asked := got[name]
				require.True(t, asked || name == "tolerance", "%s: nobody asks for %s", c.ID, name)
			}
			if strings.HasPrefix(policy, "refused") {
				require.NotEmpty(t, differences(want, got), "%s behaves as its source does: %s", c.ID, policy)
				refused++
				continue
			}
			require.Empty(t, differences(want, got), c.ID)
			passed++
		}
		t.Logf("%s: %d cases, %d passed, %d quirks (%d refused by policy), %d of other rooms", file, len(set.Cases), passed, quirk, refused, other)
	}
	for id := range quirks() {
		require.True(t, seen[id], "%s is not in the files any more", id)
	}
}

// facts are what a case says, and what we say to it: numbers, and words as they
// are. What is undefined is nil.
type facts map[string]any

// flat reads facts, an object within as "name.field".
func flat(t *testing.T, raw json.RawMessage) facts {
	t.Helper()
	var fields map[string]any
	require.NoError(t, json.Unmarshal(raw, &fields))
	out := facts{}
	for name, value := range fields {
		if inner, ok := value.(map[string]any); ok {
			for field, x := range inner {
				out[name+"."+field] = x
			}
			continue
		}
		out[name] = value
	}
	return out
}

// differences compares what is wanted; the tolerance is the case's own, 1e-6
// where it has none.
func differences(want, got facts) (list []string) {
	tolerance, ok := want["tolerance"].(float64)
	if !ok {
		tolerance = 1e-6
	}
	for name, w := range want {
		if name == "tolerance" {
			continue
		}
		g, ok := got[name]
		a, number := w.(float64)
		b, is := g.(float64)
		if !ok || number && !(is && math.Abs(a-b) <= tolerance) || !number && w != g {
			list = append(list, fmt.Sprintf("%s: want %v, got %v", name, w, g))
		}
	}
	return list
}

func answers() map[string]func(*testing.T, vector) facts {
	return map[string]func(*testing.T, vector) facts{
		"nps": score(adoption.NPS), "csat": score(adoption.CSAT), "ces": score(adoption.CES), "rating": score(adoption.Rating),
		"sus": susScore, "nps_interval": netPromoter, "proportion_interval": proportion,
	}
}

// fields reads an object, and fails on a field that the adapter does not know.
func fields[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	var x T
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&x))
	}
	return x
}

func number(f facts, name string, d decimal.NullDecimal) {
	f[name] = nil
	if d.Valid {
		f[name] = d.Decimal.InexactFloat64()
	}
}

func score(kind adoption.SurveyKind) func(*testing.T, vector) facts {
	return func(t *testing.T, c vector) facts {
		t.Helper()
		in := fields[struct {
			Answers   []int  `json:"answers"`
			Dismissed int    `json:"dismissed"`
			Scale     int    `json:"scale"`
			Round     *int32 `json:"round"`
		}](t, c.Input)
		s := adoption.Survey{ID: "s", Kind: kind}
		if kind == adoption.CES || kind == adoption.Rating {
			s.Points = in.Scale
		}
		if _, top := s.Scale(); in.Scale != 0 {
			require.Equal(t, in.Scale, top)
		}
		var list []adoption.Answer
		for _, x := range in.Answers {
			list = append(list, adoption.Answer{Survey: "s", Scores: []int{x}})
		}
		for range in.Dismissed {
			list = append(list, adoption.Answer{Survey: "s"})
		}
		got, err := s.Score(list...)
		require.NoError(t, err)
		places := int32(2)
		if in.Round != nil {
			places = *in.Round
		}
		f := facts{
			"responses": float64(got.N), "dismissed": float64(got.Dismissed), "satisfied": float64(got.Satisfied),
			"promoters": float64(got.Promoters), "passives": float64(got.Passives), "detractors": float64(got.Detractors),
		}
		number(f, "score", got.Rounded(places))
		number(f, "average", got.Mean)
		number(f, "promoters_percent", got.Percent(got.Promoters, places))
		number(f, "passives_percent", got.Percent(got.Passives, places))
		number(f, "detractors_percent", got.Percent(got.Detractors, places))
		number(f, "satisfied_percent", got.Percent(got.Satisfied, places))
		f["dismissed_percent"] = nil // a dismissal is in no denominator
		for _, b := range got.Boxes {
			number(f, "distribution."+strconv.Itoa(b.Score), got.Percent(b.N, places))
		}
		return f
	}
}

func susScore(t *testing.T, c vector) facts {
	t.Helper()
	in := fields[struct {
		Answers []int `json:"answers"`
	}](t, c.Input)
	survey := adoption.Survey{ID: "s", Kind: adoption.SUS}
	got, err := survey.Score(adoption.Answer{Survey: "s", Scores: in.Answers})
	require.NoError(t, err)
	require.Equal(t, c.Quirk, got.StraightLined == 1)
	return facts{"score": got.Value.Decimal.InexactFloat64()}
}

func netPromoter(t *testing.T, c vector) facts {
	t.Helper()
	in := fields[struct {
		Promoters  int     `json:"promoters"`
		Passives   int     `json:"passives"`
		Detractors int     `json:"detractors"`
		Level      float64 `json:"level"`
	}](t, c.Input)
	got, err := estimate.NetPromoter(estimate.WaldUnclipped, in.Promoters, in.Passives, in.Detractors, in.Level)
	require.NoError(t, err)
	return facts{"score": got.Score, "standard_error": got.StandardError, "low": got.Interval.Low, "high": got.Interval.High}
}

func proportion(t *testing.T, c vector) facts {
	t.Helper()
	in := fields[struct {
		Method    estimate.Method `json:"method"`
		Successes int             `json:"successes"`
		Trials    int             `json:"trials"`
		Level     float64         `json:"level"`
	}](t, c.Input)
	if c.Quirk { // the quirk is that limits leave the range
		in.Method += "-unclipped"
	}
	got, err := in.Method.Interval(in.Successes, in.Trials, in.Level)
	require.NoError(t, err)
	return facts{"low": got.Low, "high": got.High}
}

// What a refused quirk gets instead.
func TestNoAnswersAreUndefined(t *testing.T) {
	t.Parallel()
	for _, kind := range adoption.SurveyKinds() {
		s := adoption.Survey{ID: "s", Kind: kind}
		got, err := s.Score(adoption.Answer{Survey: "s"}, adoption.Answer{Survey: "s"})
		require.NoError(t, err)
		require.Equal(t, 0, got.N)
		require.Equal(t, 2, got.Dismissed)
		require.Equal(t, servicecoin.Undefined(), got.Value, kind)
		require.Equal(t, servicecoin.Undefined(), got.Mean, kind)
		require.Equal(t, servicecoin.Undefined(), got.Rounded(0), kind)
		require.Nil(t, got.Interval, kind)
		require.True(t, got.TooFew)
		text, err := json.Marshal(got)
		require.NoError(t, err)
		require.Contains(t, string(text), `"value":null`)
		require.Contains(t, string(text), `"interval":null`)
	}
}

package adoption_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
)

// journey has a touchpoint of each required kind, and no gap at nine.
func journey() adoption.Journey {
	j := adoption.Journey{ID: "standard", Name: "Every customer"}
	for _, kind := range adoption.RequiredKinds() {
		j.Touchpoints = append(j.Touchpoints, adoption.Touchpoint{
			ID: adoption.TouchpointID(kind) + "-1", Kind: kind, Owner: "ada", Message: "We are here",
			Measure: adoption.Measure{Text: "days to first use", Target: "at most 5"},
			Test:    adoption.AcceptanceTest{Reference: "TestNewUser", Last: adoption.Run{Result: adoption.Passed, At: nine.AddDate(0, 0, -10)}},
		})
	}
	return j
}

func found(f adoption.Findings) (list []string) {
	for _, x := range f {
		list = append(list, x.Path+" "+x.Code)
	}
	return list
}

func TestCheckNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	j := journey()
	require.NoError(t, j.Validate())
	require.Nil(t, j.Check(nine))
	require.NoError(t, j.Check(nine).Err())
	for name, c := range map[string]struct {
		change func(j *adoption.Journey)
		want   []string
	}{
		"no departure": {func(j *adoption.Journey) { j.Touchpoints = j.Touchpoints[:3] }, []string{"kinds.departure no-touchpoint"}},
		"nothing": {func(j *adoption.Journey) { j.Touchpoints = nil }, []string{
			"kinds.newUser no-touchpoint", "kinds.changeAssimilation no-touchpoint", "kinds.outageCommunication no-touchpoint", "kinds.departure no-touchpoint",
		}},
		"an empty touchpoint": {func(j *adoption.Journey) {
			j.Touchpoints[1] = adoption.Touchpoint{ID: "x", Kind: adoption.KindChangeAssimilation}
		}, []string{
			"touchpoints[1].owner no-owner", "touchpoints[1].message no-message", "touchpoints[1].measure.text no-measure", "touchpoints[1].test.reference no-test",
		}},
		"blanks": {func(j *adoption.Journey) {
			j.Touchpoints[0].Message, j.Touchpoints[0].Measure.Text, j.Touchpoints[0].Test.Reference = " ", "\t", "\n"
		}, []string{"touchpoints[0].message no-message", "touchpoints[0].measure.text no-measure", "touchpoints[0].test.reference no-test"}},
		"no target": {func(j *adoption.Journey) { j.Touchpoints[3].Measure.Target = "" }, []string{"touchpoints[3].measure.target no-target"}},
		"never run": {func(j *adoption.Journey) { j.Touchpoints[2].Test.Last = adoption.Run{} }, []string{"touchpoints[2].test.last test-never-run"}},
		"not by then": {func(j *adoption.Journey) { j.Touchpoints[2].Test.Last.At = nine.Add(1) }, []string{
			"touchpoints[2].test.last test-never-run",
		}},
		"failed":            {func(j *adoption.Journey) { j.Touchpoints[2].Test.Last.Result = adoption.Failed }, []string{"touchpoints[2].test.last test-failed"}},
		"just fresh enough": {func(j *adoption.Journey) { j.Touchpoints[2].Test.Last.At = nine.Add(-92 * 24 * time.Hour) }, nil},
		"stale":             {func(j *adoption.Journey) { j.Touchpoints[2].Test.Last.At = nine.Add(-92*24*time.Hour - 1) }, []string{"touchpoints[2].test.last test-stale"}},
		"stale by the journey": {func(j *adoption.Journey) { j.TestDays = 9 }, []string{
			"touchpoints[0].test.last test-stale", "touchpoints[1].test.last test-stale", "touchpoints[2].test.last test-stale", "touchpoints[3].test.last test-stale",
		}},
		"stale by the touchpoint": {func(j *adoption.Journey) { j.Touchpoints[0].Test.MaxDays = 9 }, []string{"touchpoints[0].test.last test-stale"}},
		"fresh by the touchpoint": {func(j *adoption.Journey) {
			j.TestDays = 9
			for n := range j.Touchpoints {
				j.Touchpoints[n].Test.MaxDays = 10
			}
		}, nil},
		"a kind of one's own": {func(j *adoption.Journey) {
			j.Touchpoints = append(j.Touchpoints, adoption.Touchpoint{ID: "x", Kind: "anniversary", Message: "x", Measure: adoption.Measure{Text: "x", Target: "x"}, Test: j.Touchpoints[0].Test})
		}, []string{"touchpoints[4].owner no-owner"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := journey()
			c.change(&j)
			require.NoError(t, j.Validate(), "a design with gaps can be kept")
			got := j.Check(nine)
			require.Equal(t, c.want, found(got))
			require.Empty(t, cmp.Diff(got, j.Check(nine)), "the order is fixed")
			if len(c.want) > 0 {
				require.ErrorIs(t, got.Err(), servicecoin.ErrInvalid)
				require.Equal(t, c.want, codes(got.Err()))
				require.Equal(t, len(c.want), strings.Count(got.String(), "\n"))
			}
		})
	}
	failing := journey()
	failing.Touchpoints[0].Test.Last.Result, failing.Touchpoints[1].Owner = adoption.Failed, ""
	design := failing.Check(nine).Except(adoption.FindingFailed, adoption.FindingStale, adoption.FindingNeverRun)
	require.Equal(t, []string{"touchpoints[1].owner no-owner"}, found(design))
}

func TestCheckByService(t *testing.T) {
	t.Parallel()
	j := journey()
	require.Empty(t, j.Check(nine, "web", "mail"), "a touchpoint for all is one for each")
	j.Touchpoints[0].Service = "mail"
	require.Empty(t, j.Check(nine), "the kind is there")
	require.Empty(t, j.Check(nine, "mail"))
	require.Equal(t, []string{"kinds.newUser[files] no-touchpoint", "kinds.newUser[web] no-touchpoint"}, found(j.Check(nine, "web", "mail", "files", "web")))
}

func TestSeveralJourneysAreOneDesign(t *testing.T) {
	t.Parallel()
	a, b := journey(), journey()
	b.ID = "second"
	a.Touchpoints, b.Touchpoints = a.Touchpoints[:2], b.Touchpoints[2:]
	require.Empty(t, adoption.CheckAll(nine, nil, a, b))
	b.Touchpoints[1].Owner = ""
	require.Equal(t, []string{"second.touchpoints[1].owner no-owner"}, found(adoption.CheckAll(nine, nil, a, b)))
	require.Len(t, adoption.CheckAll(nine, nil), 4)
}

func TestJourneysAreChecked(t *testing.T) {
	t.Parallel()
	bad := adoption.Journey{Edition: -1, TestDays: -1, Touchpoints: []adoption.Touchpoint{
		{ID: "x", Kind: "x"},
		{ID: "x", Test: adoption.AcceptanceTest{MaxDays: 99999, Last: adoption.Run{Result: "perhaps", Link: "ftp://example.org"}}},
		{Message: strings.Repeat("x", 4001), Service: "\n", Owner: "\n", Measure: adoption.Measure{Text: strings.Repeat("x", 501), Target: strings.Repeat("x", 501)}},
	}}
	require.Equal(t, []string{
		"id required", "name required", "edition negative", "testDays out-of-range",
		"touchpoints[1].kind required", "touchpoints[1].test.maxDays out-of-range", "touchpoints[1].test.last.result unknown", "touchpoints[1].test.last.at required",
		"touchpoints[1].test.last.link bad-link", "touchpoints[1].id duplicate",
		"touchpoints[2].id required", "touchpoints[2].kind required", "touchpoints[2].service bad-text", "touchpoints[2].owner bad-text",
		"touchpoints[2].message too-long", "touchpoints[2].measure.text too-long", "touchpoints[2].measure.target too-long",
	}, codes(bad.Validate()))
	huge := journey()
	huge.Touchpoints = slices.Repeat(huge.Touchpoints, 51)
	for n := range huge.Touchpoints {
		huge.Touchpoints[n].ID = adoption.TouchpointID(strings.Repeat("x", n+1)[:min(200, n+1)])
		huge.Touchpoints[n].Message = strings.Repeat("x", 4000)
	}
	require.Equal(t, []string{"touchpoints too-many"}, codes(huge.Validate()), "what is too many is not looked at one by one")
	huge.Touchpoints = huge.Touchpoints[:200]
	require.Contains(t, codes(huge.Validate()), " too-large")
}

func TestTested(t *testing.T) {
	t.Parallel()
	j := journey()
	before := j
	require.NoError(t, j.Tested(exchange, after(5), "departure-1", adoption.Run{Result: adoption.Failed, Link: "https://example.org/run/1"}))
	require.Equal(t, adoption.Run{Result: adoption.Failed, At: after(5), Link: "https://example.org/run/1"}, j.Touchpoints[3].Test.Last)
	require.Equal(t, adoption.Passed, before.Touchpoints[3].Test.Last.Result, "values are not shared")
	require.NoError(t, j.Tested(exchange, after(9), "departure-1", adoption.Run{Result: adoption.Passed, At: after(7)}))
	require.ErrorContains(t, j.Tested(exchange, after(9), "departure-1", adoption.Run{Result: adoption.Failed, At: after(6)}), "was tested later")
	j.Touchpoints[0].Test = adoption.AcceptanceTest{}
	err := j.Tested(exchange, after(9), "newUser-1", adoption.Run{Result: adoption.Passed})
	require.ErrorContains(t, err, "has no acceptance test")
	_, ok := errors.AsType[*servicecoin.RefusedError](err)
	require.True(t, ok)
	err = j.Tested(servicecoin.Actor{}, after(9), "x", adoption.Run{Result: "x", At: after(10)})
	require.Equal(t, []string{"by.kind unknown", "by.id required", "touchpoint unknown", "run.result unknown", "run.at future"}, codes(err))
}

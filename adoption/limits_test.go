package adoption_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/internal/limittest"
)

// Whatever somebody hands in, checking it takes little: 100,000 members of each
// list are refused for their number.
func TestLongListsAreRefused(t *testing.T) { //nolint:paralleltest // counts what is allocated
	const n = 100_000
	with := func(change func(o *adoption.Onboarding)) func() error {
		o := begun(t)
		change(&o)
		return o.Validate
	}
	way, due, route := template(), template(), journey()
	way.Points, due.Prerequisites, route.Touchpoints = make([]adoption.Point, n), make([]adoption.Prerequisite, n), make([]adoption.Touchpoint, n)
	leaving, survey, manifest, scores := announced(t), survey(), make([]adoption.Part, n), make([]int, n)
	for name, validate := range map[string]func() error{
		"points":                  way.Validate,
		"prerequisites":           due.Validate,
		"touchpoints":             route.Validate,
		"points of an onboarding": with(func(o *adoption.Onboarding) { o.Points = make([]adoption.Point, n) }),
		"items of an onboarding":  with(func(o *adoption.Onboarding) { o.Items = make([]adoption.Item, n) }),
		"points that are reached": with(func(o *adoption.Onboarding) { o.Reached = make([]adoption.Reached, n) }),
		"warnings": with(func(o *adoption.Onboarding) {
			o.Reached = []adoption.Reached{{Point: ordering, Warnings: make([]adoption.PrerequisiteID, n)}}
		}),
		"a manifest": func() error { return leaving.HandBack(ada, after(1), manifest) },
		"scores": func() error {
			_, err := survey.Answer(ada, after(1), adoption.Response{Respondent: "bob", Scores: scores})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // counts what is allocated
			var err error
			bytes := limittest.Allocated(func() { err = validate() })
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			require.ErrorContains(t, err, "100000")
			require.Less(t, bytes, uint64(1<<20))
		})
	}
}

package version_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/version"
)

// Facts of other projects: see the README of the vectors. A quirk is run, and told.
func TestVectors(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/vectors/semver.json")
	require.NoError(t, err)
	var cases []struct {
		ID    string
		Kind  string
		Quirk bool
		Input struct {
			Constraint, Version, A, B string
			IncludePrerelease         bool
		}
		Expect struct {
			Satisfies       bool
			Valid           bool
			ConstraintValid *bool
			OrGroups        int
			FirstGroupTerms int
			Compare         int
		}
	}
	require.NoError(t, json.Unmarshal(body, &cases))
	passed, quirks := 0, 0
	for _, c := range cases {
		policy := version.WhereNamed
		if c.Input.IncludePrerelease {
			policy = version.Always
		}
		ok := false
		switch c.Kind {
		case "semver.satisfies":
			r, err := version.ParseRange(c.Input.Constraint)
			if c.Expect.ConstraintValid != nil {
				ok = (err == nil) == *c.Expect.ConstraintValid
				break
			}
			v, wrong := version.ParseLoose(c.Input.Version)
			ok = err == nil && wrong == nil && r.Holds(v, policy) == c.Expect.Satisfies
		case "semver.parse-constraint":
			r, err := version.ParseRange(c.Input.Constraint)
			groups := version.Shape(r)
			ok = (err == nil) == c.Expect.Valid && (err != nil || len(groups) == c.Expect.OrGroups && groups[0] == c.Expect.FirstGroupTerms)
		case "semver.parse-strict":
			_, err := version.Parse(c.Input.Version)
			ok = (err == nil) == c.Expect.Valid
		case "semver.parse-loose":
			_, err := version.ParseLoose(c.Input.Version)
			ok = (err == nil) == c.Expect.Valid
		case "semver.compare":
			a, errA := version.ParseLoose(c.Input.A)
			b, errB := version.ParseLoose(c.Input.B)
			ok = errA == nil && errB == nil && a.Compare(b) == c.Expect.Compare && b.Compare(a) == -c.Expect.Compare
		}
		require.True(t, ok, "%s: %s %+v, want %+v", c.ID, c.Kind, c.Input, c.Expect)
		if c.Quirk {
			quirks++
		} else {
			passed++
		}
	}
	t.Logf("semver: %d passed, %d quirks run, and as their source has them", passed, quirks)
}

package incident_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
)

// quirks is the policy for each case that only its source behaves like.
func quirks() map[string]string {
	return map[string]string{
		"itop-prio-out-i2-u5": "refused: a pair outside of the table is an error, never a silent default",
	}
}

func TestPriorityVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors/priority_matrices.json")
	require.NoError(t, err)
	var cases []struct {
		ID     string `json:"id"`
		Source string `json:"source"`
		Note   string `json:"note"`
		Kind   string `json:"kind"`
		Quirk  bool   `json:"quirk"`
		Input  struct {
			Matrix  string `json:"matrix"`
			Scale   string `json:"scale"` // which end is the most pressing
			Impact  int    `json:"impact"`
			Urgency int    `json:"urgency"`
		} `json:"input"`
		Expect struct {
			Priority *int   `json:"priority"`
			Fallback string `json:"fallback"` // of the quirk: what its source answers instead
		} `json:"expect"`
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	require.NoError(t, strict.Decode(&cases))
	matrices := map[string]incident.Matrix{"glpi-default": fiveByFive(), "itop-default": threeByFour()}
	passed, refused, seen := 0, 0, map[string]bool{}
	for _, c := range cases {
		require.Equal(t, "priority.matrix", c.Kind)
		m, ok := matrices[c.Input.Matrix]
		require.True(t, ok, c.Input.Matrix)
		require.Equal(t, map[bool]string{true: "1=highest", false: "1=very low .. 5=very high"}[m.Impacts[0].Value == 1], c.Input.Scale, c.ID)
		got, err := m.Priority(c.Input.Impact, c.Input.Urgency)
		if c.Quirk {
			require.Contains(t, quirks(), c.ID, "a quirk needs a named policy")
			require.Equal(t, "attribute default", c.Expect.Fallback, c.ID)
			require.Nil(t, c.Expect.Priority, c.ID)
			require.ErrorIs(t, err, servicecoin.ErrInvalid, c.ID)
			seen[c.ID] = true
			refused++
			continue
		}
		require.NoError(t, err, c.ID)
		require.NotNil(t, c.Expect.Priority, c.ID)
		require.Equal(t, *c.Expect.Priority, got, c.ID)
		passed++
	}
	require.Len(t, seen, len(quirks()))
	require.Positive(t, passed)
	t.Logf("priority_matrices.json: %d cases, %d passed, %d quirks refused by policy", len(cases), passed, refused)
}

// The tables as the field note has them, row by row.
func TestWholeMatrices(t *testing.T) {
	t.Parallel()
	glpi := [][]int{{1, 1, 2, 2, 2}, {1, 2, 2, 3, 3}, {2, 2, 3, 4, 4}, {2, 3, 4, 4, 5}, {2, 3, 4, 5, 5}}
	for u, row := range glpi {
		for i, want := range row {
			got, err := fiveByFive().Priority(i+1, u+1)
			require.NoError(t, err)
			require.Equal(t, want, got, "impact %d urgency %d", i+1, u+1)
		}
	}
	itop := [][]int{{1, 1, 2, 4}, {1, 2, 3, 4}, {2, 3, 3, 4}}
	for i, row := range itop {
		for u, want := range row {
			got, err := threeByFour().Priority(i+1, u+1)
			require.NoError(t, err)
			require.Equal(t, want, got, "impact %d urgency %d", i+1, u+1)
		}
	}
	for _, m := range []incident.Matrix{fiveByFive(), threeByFour(), incident.DefaultMatrix()} {
		require.NoError(t, m.Validate(), m.Name)
		text, err := json.Marshal(m)
		require.NoError(t, err)
		var again incident.Matrix
		require.NoError(t, json.Unmarshal(text, &again))
		require.Equal(t, m, again)
		_, err = m.Priority(0, 99)
		e, ok := errors.AsType[*servicecoin.InvalidError](err)
		require.True(t, ok)
		require.Len(t, e.Violations, 2, "both are named at once")
	}
}

func TestMatrixValidates(t *testing.T) {
	t.Parallel()
	bad := incident.DefaultMatrix()
	bad.Name = ""
	bad.Impacts[0].Value = 0
	bad.Urgencies[1].Value = bad.Urgencies[0].Value
	bad.Cells = [][]int{{1, 2}, {99, 1, 1, 1}}
	e, ok := errors.AsType[*servicecoin.InvalidError](bad.Validate())
	require.True(t, ok)
	var paths []string
	for _, v := range e.Violations {
		paths = append(paths, v.Path+" "+v.Code)
	}
	require.Subset(t, paths, []string{"name required", "impacts[0].value out-of-range", "urgencies[1].value duplicate", "cells shape", "cells[0] shape", "cells[1][0] unknown"})
}

// The case incident.impact of sla/availability_extra.json.
func TestWorstLevel(t *testing.T) {
	t.Parallel()
	require.Equal(t, incident.Disruption, incident.Worst(incident.Degradation, incident.Disruption, incident.Unaffected))
	require.Equal(t, incident.Unaffected, incident.Worst())
	for n, l := range incident.Levels() {
		require.NoError(t, l.Validate())
		require.Equal(t, l, incident.Worst(incident.Levels()[:n+1]...))
	}
	require.ErrorIs(t, incident.Level("meteor").Validate(), servicecoin.ErrInvalid)
}

// fiveByFive is the matrix that GLPI is delivered with: five impacts by five
// urgencies, 5 the most pressing. Its priority 6, major, is in the scale but in
// no cell: people declare it.
func fiveByFive() incident.Matrix {
	five := []string{"very high", "high", "medium", "low", "very low"}
	return incident.Matrix{
		Name:       "five",
		Impacts:    grades(5, -1, five...),
		Urgencies:  grades(5, -1, five...),
		Priorities: grades(6, -1, append([]string{"major"}, five...)...),
		Cells: [][]int{
			{5, 5, 4, 3, 2},
			{5, 4, 4, 3, 2},
			{4, 4, 3, 2, 2},
			{3, 3, 2, 2, 1},
			{2, 2, 2, 1, 1},
		},
	}
}

// threeByFour is the table that iTop has in its program: three impacts by four
// urgencies, 1 the most pressing. Where iTop gives a pair outside of it a
// default without a word, [incident.Matrix.Priority] refuses.
func threeByFour() incident.Matrix {
	return incident.Matrix{
		Name:       "three",
		Impacts:    grades(1, 1, "department", "service", "person"),
		Urgencies:  grades(1, 1, "critical", "high", "medium", "low"),
		Priorities: grades(1, 1, "critical", "high", "medium", "low"),
		Cells:      [][]int{{1, 1, 2, 4}, {1, 2, 3, 4}, {2, 3, 3, 4}},
	}
}

func grades(first, step int, names ...string) []incident.Grade {
	out := make([]incident.Grade, len(names))
	for n, name := range names {
		out[n] = incident.Grade{Value: first + n*step, Name: name}
	}
	return out
}

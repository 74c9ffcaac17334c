package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/followup"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/internal/limittest"
)

// An incident begins with the earliest of its detection and its effects, and an
// effect without a beginning begins with it: whatever the clock did between two
// lines of a program.
func TestOpenFillsInWhenItBegan(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 8, 9, 0, 0, 0, time.UTC)
	before := func(d time.Duration) time.Time { return at.Add(-d) }
	ada := servicecoin.Person("ada")
	for name, c := range map[string]struct {
		report      incident.Report
		began, from time.Time
		bad         bool
	}{
		"nothing said":                     {incident.Report{Effects: []incident.Effect{{}}}, at, at, false},
		"a moment ago":                     {incident.Report{Effects: []incident.Effect{{From: before(3 * time.Microsecond)}}}, before(3 * time.Microsecond), before(3 * time.Microsecond), false},
		"between two microseconds":         {incident.Report{Effects: []incident.Effect{{From: before(time.Nanosecond)}}}, before(time.Microsecond), before(time.Microsecond), false},
		"detected later":                   {incident.Report{DetectedAt: before(time.Minute), Effects: []incident.Effect{{From: before(time.Hour)}}}, before(time.Hour), before(time.Hour), false},
		"detected first":                   {incident.Report{DetectedAt: before(time.Hour), Effects: []incident.Effect{{From: before(time.Minute)}}}, before(time.Hour), before(time.Minute), false},
		"detected, no beginning":           {incident.Report{DetectedAt: before(time.Hour), Effects: []incident.Effect{{}}}, before(time.Hour), before(time.Hour), false},
		"began, no beginning":              {incident.Report{Began: before(2 * time.Hour), Effects: []incident.Effect{{}}}, before(2 * time.Hour), before(2 * time.Hour), false},
		"who says when it began is obeyed": {incident.Report{Began: before(time.Minute), Effects: []incident.Effect{{From: before(time.Hour)}}}, time.Time{}, time.Time{}, true},
	} {
		c.report.ID, c.report.Title = "i", "Down"
		c.report.Effects[0].Service, c.report.Effects[0].Level = "mail", incident.Outage
		given := c.report.Effects[0]
		i, err := incident.Open(ada, at, c.report)
		require.Equal(t, given, c.report.Effects[0], "what is handed in stays as it is")
		if c.bad {
			require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, c.began, i.Began, name)
		require.Equal(t, c.from, i.Effects[0].From, name)
		require.NoError(t, i.Validate(), name)
	}
}

// A small form takes little, whatever it asks for.
//
//nolint:paralleltest // it counts what is allocated
func TestLimitsComeFirst(t *testing.T) {
	const many = 100_000
	at := time.Date(2026, 1, 8, 9, 0, 0, 0, time.UTC)
	ada := servicecoin.Person("ada")
	effects := make([]incident.Effect, many)
	for n := range effects {
		effects[n] = incident.Effect{Service: "mail", Level: incident.Outage, From: at}
	}
	open, err := incident.Open(ada, at, incident.Report{ID: "i", Title: "Down", Effects: effects[:1]})
	require.NoError(t, err)
	moves := make([]followup.Move, many)
	entries, followUps := make([]incident.Entry, many), make([]incident.FollowUp, many)
	places, path, grades := make([]string, many), make([]servicecoin.ServiceID, many), make([]incident.Grade, many)
	rows := make([][]int, many)
	rows[0] = make([]int, many)
	for name, call := range map[string]func() error{
		"open": func() error {
			_, err := incident.Open(ada, at, incident.Report{ID: "i", Title: "Down", Effects: effects})
			return err
		},
		"open with 1,600": func() error {
			_, err := incident.Open(ada, at, incident.Report{ID: "i", Title: "Down", Effects: effects[:1600]})
			return err
		},
		"open with as many as are allowed": func() error {
			_, err := incident.Open(ada, at, incident.Report{ID: "i", Title: "Down", Effects: effects[:200]})
			return err
		},
		"affect":    func() error { return open.Affect(ada, at, effects...) },
		"validate":  func() error { return (&incident.Incident{Effects: effects}).Validate() },
		"timeline":  func() error { return (&incident.Incident{Timeline: entries}).Validate() },
		"followUps": func() error { return (&incident.Incident{FollowUps: followUps}).Validate() },
		"moves":     func() error { return incident.FollowUp{Moves: moves}.Validate() },
		"locations": func() error { return incident.Effect{Locations: places}.Validate() },
		"path": func() error {
			_, err := incident.Write(ada, at, incident.Addressee{Path: path}, incident.Letter{})
			return err
		},
		"grades": func() error {
			return incident.Matrix{Impacts: grades, Urgencies: grades, Priorities: grades, Cells: rows}.Validate()
		},
		"cells": func() error {
			m := incident.DefaultMatrix()
			m.Cells = rows
			return m.Validate()
		},
	} {
		var err error
		bytes := limittest.Allocated(func() { err = call() })
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
		require.Less(t, len(err.Error()), 64<<10, name)
		require.Less(t, bytes, uint64(4<<20), name)
	}
}

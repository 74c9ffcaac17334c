package runbook_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

func sameRun(a, b runbook.Run) string { return cmp.Diff(a, b, cmpopts.IgnoreUnexported(runbook.Run{})) }

func someInstant(t *rapid.T, label string) time.Time {
	if rapid.Bool().Draw(t, label+" is not there") {
		return time.Time{}
	}
	const first, last = -60_000_000_000, 250_000_000_000 // the years 68 and 9892
	return time.Unix(rapid.Int64Range(first, last).Draw(t, label), rapid.Int64Range(0, 999_999_999).Draw(t, label+" nanoseconds")).UTC()
}

func someStatus(t *rapid.T) runbook.Status {
	text := rapid.SampledFrom([]string{"", "a", "ä\x00\xff", "a longer one, with spaces"})
	s := runbook.Status{
		ID: runbook.StepID(text.Draw(t, "id")), State: rapid.SampledFrom(append(runbook.StepStates(), "", "new")).Draw(t, "state"),
		Attempt: rapid.IntRange(-1, 300).Draw(t, "attempt"), Retried: rapid.IntRange(0, 2).Draw(t, "retried"), By: servicecoin.PersonID(text.Draw(t, "by")),
		ReadyAt: someInstant(t, "ready"), BegunAt: someInstant(t, "begun"), EndedAt: someInstant(t, "ended"), Due: someInstant(t, "due"),
		Answer: text.Draw(t, "answer"), Measured: text.Draw(t, "measured"), Broken: rapid.Bool().Draw(t, "broken"),
		Began: rapid.IntRange(0, 1<<40).Draw(t, "began"), Ended: rapid.IntRange(0, 1<<40).Draw(t, "ended"),
	}
	if rapid.Bool().Draw(t, "outputs") {
		s.Outputs = rapid.MapOfN(text, text, 1, 3).Draw(t, "outputs")
	}
	if rapid.Bool().Draw(t, "heard") {
		s.Heard = rapid.SliceOfN(rapid.IntRange(0, 50), 1, 3).Draw(t, "heard")
	}
	return s
}

// What is stored of a run is read as it was, whatever its steps have been through.
func TestARunIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	k := runbook.RunKind()
	rapid.Check(t, func(t *rapid.T) {
		steps := func(label string) []runbook.Status {
			list := rapid.SliceOfN(rapid.Custom(someStatus), 0, 4).Draw(t, label)
			if len(list) == 0 {
				return nil
			}
			return list
		}
		r := runbook.Run{
			ID: "r1", Book: "b", Version: 3, Title: en("A book"), Services: []servicecoin.ServiceID{"db"}, State: runbook.Running, Customer: "acme",
			Pinned: "00", Lead: "ada", People: []servicecoin.PersonID{"ada"}, StartedAt: someInstant(t, "started"), Since: someInstant(t, "since"),
			Steps: steps("steps"), Undo: steps("undo"), Count: 7, Head: "00ff",
		}
		body, err := k.Encode(r)
		require.NoError(t, err)
		got, err := k.Decode(body)
		require.NoError(t, err)
		require.Empty(t, sameRun(r, got))

		short := rapid.IntRange(0, len(body)-1).Draw(t, "cut to")
		_, err = k.Decode(body[:short])
		require.Error(t, err)
		_, err = k.Decode(append(body, 0))
		require.Error(t, err)
	})
}

// Everything of a status is stored: one that gets another field is to be written too.
func TestEveryPartOfAStatusIsStored(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 9, 0, 0, 123456000, time.UTC)
	s := runbook.Status{
		ID: "a", State: runbook.StepDone, Attempt: 1, Retried: 2, By: "ada", ReadyAt: at, BegunAt: at.Add(1), EndedAt: at.Add(2), Due: at.Add(3),
		Answer: "yes", Measured: "4", Outputs: map[string]string{"x": "y"}, Heard: []int{1}, Broken: true, Began: 5, Ended: 6,
	}
	var parts map[string]any
	text, err := json.Marshal(s)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &parts))
	require.Len(t, parts, 16, "of a status")
	k := runbook.RunKind()
	body, err := k.Encode(runbook.Run{Steps: []runbook.Status{s}, Undo: []runbook.Status{s}})
	require.NoError(t, err)
	got, err := k.Decode(body)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(got.Steps, []runbook.Status{s}))
	require.Empty(t, cmp.Diff(got.Undo, []runbook.Status{s}))
}

func FuzzReadRun(f *testing.F) {
	k := runbook.RunKind()
	r, _ := chain(f, 3)
	body, err := k.Encode(r)
	require.NoError(f, err)
	f.Add(body)
	f.Add([]byte{})
	f.Add([]byte("\x01\x02{}\x01\xff\x7f\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := k.Decode(b)
		if err != nil {
			return
		}
		again, err := k.Encode(r)
		if err != nil {
			return // a time that JSON does not have
		}
		got, err := k.Decode(again)
		require.NoError(t, err)
		require.Empty(t, sameRun(r, got))
	})
}

package release_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
)

type vector struct {
	ID     string          `json:"id"`
	Kind   string          `json:"kind"`
	Input  json.RawMessage `json:"input"`
	Expect json.RawMessage `json:"expect"`
	Quirk  bool            `json:"quirk"`
}

func vectors(t *testing.T, name string) []vector {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "vectors", name))
	require.NoError(t, err)
	var list []vector
	require.NoError(t, json.Unmarshal(body, &list))
	require.NotEmpty(t, list)
	return list
}

func dated(t *testing.T, text string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(text)
	require.NoError(t, err, text)
	return d
}

func TestReleaseCalendars(t *testing.T) {
	t.Parallel()
	for _, c := range vectors(t, "release_calendars.json") {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			switch c.Kind {
			case "release.freeze_lead":
				freezeLead(t, c)
			case "release.line_summary":
				lineSummary(t, c)
			default:
				require.Fail(t, "unknown kind", c.Kind)
			}
		})
	}
}

func freezeLead(t *testing.T, c vector) {
	t.Helper()
	var in struct {
		Version  string        `json:"version"`
		Deadline calendar.Date `json:"change_deadline"`
		Target   calendar.Date `json:"target_date"`
	}
	var want struct {
		Lead int  `json:"lead_days"`
		Out  bool `json:"out_of_band"`
	}
	require.NoError(t, json.Unmarshal(c.Input, &in))
	require.NoError(t, json.Unmarshal(c.Expect, &want))
	r := release.Release{Version: in.Version, Freeze: in.Deadline, Planned: release.Planned{Target: in.Target}}
	lead, ok := r.Lead()
	require.True(t, ok)
	require.Equal(t, want.Lead, lead)
	require.Equal(t, want.Out, r.OutOfBand(release.Rules{}))
}

func lineSummary(t *testing.T, c vector) {
	t.Helper()
	var in struct {
		Line    string `json:"line"`
		Patches []struct {
			N         string         `json:"n"`
			Cutoff    *calendar.Date `json:"cutoff"`
			Published *calendar.Date `json:"published"`
			Estimated *calendar.Date `json:"estimated"`
			State     string         `json:"state"`
		} `json:"patches"`
	}
	var want struct {
		Planned   int   `json:"planned"`
		Published int   `json:"published"`
		Skipped   int   `json:"skipped"`
		Leads     []int `json:"cutoff_to_publish_days"`
		Max       int   `json:"max_lag_days"`
	}
	require.NoError(t, json.Unmarshal(c.Input, &in))
	require.NoError(t, json.Unmarshal(c.Expect, &want))
	var list []release.Release
	for _, p := range in.Patches {
		r := release.Release{Version: "1.0." + p.N}
		if p.Cutoff != nil {
			r.Freeze = *p.Cutoff
		}
		if p.Published != nil {
			r.Done = *p.Published
		}
		if p.Estimated != nil {
			r.First, r.Target = *p.Estimated, *p.Estimated
		}
		if p.State == "skipped" {
			r.Skipped = &release.Skip{Why: "the registry says so"}
		}
		list = append(list, r)
	}
	got := release.Summarised(list)
	require.Equal(t, release.Summary{Planned: want.Planned, Published: want.Published, Skipped: want.Skipped, Leads: want.Leads, MaxLead: want.Max}, got)
}

// What others write of an end: a day, true for "yes, since a day that nobody knows", false
// for "no, and no day is known".
func end(t *testing.T, x any) release.End {
	t.Helper()
	switch x := x.(type) {
	case nil:
		return ""
	case bool:
		if x {
			return release.Over
		}
		return release.NotOver
	case string:
		return release.LastDay(dated(t, x))
	}
	require.Fail(t, "neither a day nor a boolean")
	return ""
}

// The policies of ours that cases marked as quirks meet: the last day is in (all but two of
// them), support that is paid for keeps a line maintained (life-153), and a line of which
// nobody has stated an end is maintained by nobody (life-154).
func TestLifecycles(t *testing.T) {
	t.Parallel()
	for _, c := range vectors(t, "lifecycle.json") {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			switch c.Kind {
			case "lifecycle.status-at-day":
				statusAtDay(t, c)
			case "lifecycle.near-end":
				nearEnd(t, c)
			case "lifecycle.api-v0":
				var in struct{ ReleaseCycle string }
				var want struct{ File string }
				require.NoError(t, json.Unmarshal(c.Input, &in))
				require.NoError(t, json.Unmarshal(c.Expect, &want))
				require.Equal(t, want.File, release.PathName(in.ReleaseCycle)+".json")
			default:
				require.Fail(t, "unknown kind", c.Kind)
			}
		})
	}
}

func statusAtDay(t *testing.T, c vector) {
	t.Helper()
	var in struct {
		Cycle map[string]any `json:"cycle"`
		Day   calendar.Date  `json:"day"`
	}
	require.NoError(t, json.Unmarshal(c.Input, &in))
	var want map[string]bool
	require.NoError(t, json.Unmarshal(c.Expect, &want))
	released, isText := in.Cycle["releaseDate"].(string)
	require.True(t, isText)
	l := release.Line{Released: dated(t, released), Support: release.Support{
		Active: end(t, in.Cycle["eoas"]), Until: end(t, in.Cycle["eol"]), Extended: end(t, in.Cycle["eoes"]),
	}}
	switch lts := in.Cycle["lts"].(type) {
	case string:
		l.Support.LongTerm = dated(t, lts)
	case bool:
		if lts {
			l.Support.LongTerm = l.Released
		}
	}
	got := map[string]bool{"is_lts": l.LongTerm(in.Day), "is_maintained": l.Maintained(in.Day)}
	for name, e := range map[string]release.End{"is_eoas": l.Support.Active, "is_eol": l.Support.Until, "is_eoes": l.Support.Extended} {
		if e.Stated() {
			got[name] = e.Passed(in.Day)
		}
	}
	require.Equal(t, want, got)

	// The phase says the same.
	switch phase := l.Phase(in.Day); phase {
	case release.Coming:
		require.Negative(t, in.Day.Compare(l.Released))
	case release.NotStated:
		require.False(t, l.Maintained(in.Day))
	case release.Active, release.Maintenance, release.Extended, release.Ended:
		require.Equal(t, want["is_maintained"], phase != release.Ended)
		if phase == release.Active {
			require.False(t, want["is_eoas"])
		}
	}
}

func nearEnd(t *testing.T, c vector) {
	t.Helper()
	var in struct {
		Released calendar.Date `json:"releaseDate"`
		End      calendar.Date `json:"end"`
		Day      calendar.Date `json:"day"`
	}
	var want struct {
		Almost bool `json:"almost"`
	}
	require.NoError(t, json.Unmarshal(c.Input, &in))
	require.NoError(t, json.Unmarshal(c.Expect, &want))
	l := release.Line{Released: in.Released, Support: release.Support{Until: release.LastDay(in.End)}}
	require.Equal(t, want.Almost, l.NearEnd(in.Day))
}

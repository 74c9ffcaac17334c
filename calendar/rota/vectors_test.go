package rota_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/calendar/rota"
)

// rotationInput is a rotation of one member.
type rotationInput struct {
	Type        string    `json:"type"`
	ShiftLength int       `json:"shift_length"`
	Start       time.Time `json:"start"`
	Zone        string    `json:"zone"`
	At          time.Time `json:"at"`
	WalkFrom    time.Time `json:"walk_from"`
	WalkTo      time.Time `json:"walk_to"`
	Step        int       `json:"walk_step_seconds"`
}

func (in rotationInput) turns(t *testing.T) *rota.Turns {
	r := rota.Rotation{
		Zone: in.Zone, Start: calendar.LocalTimeOf(in.Start, caltest.Location(t, in.Zone)), Unit: rota.Unit(in.Type),
		Length: in.ShiftLength, Members: []servicecoin.PersonID{"anna"},
	}
	turns, err := r.Compile()
	require.NoError(t, err)
	return turns
}

func checkShift(t *testing.T, c caltest.Case) {
	in := caltest.Fields[rotationInput](t, c.Input)
	want := caltest.Fields[struct {
		Start time.Time `json:"shift_start"`
		End   time.Time `json:"shift_end"`
		Hours *float64  `json:"real_hours"`
	}](t, c.Expect)
	shift := in.turns(t).Shift(in.At)
	if !want.Start.IsZero() {
		require.Equal(t, want.Start.UTC(), shift.Start)
	}
	if !want.End.IsZero() {
		require.Equal(t, want.End.UTC(), shift.End)
	}
	if want.Hours != nil {
		require.InDelta(t, *want.Hours, shift.Duration().Hours(), 1e-9)
	}
}

func checkBoundaries(t *testing.T, c caltest.Case) {
	in := caltest.Fields[rotationInput](t, c.Input)
	want := caltest.Fields[struct {
		FirstStart time.Time   `json:"first_shift_start"`
		FirstEnd   time.Time   `json:"first_shift_end"`
		All        []time.Time `json:"all_boundaries"`
	}](t, c.Expect)
	turns := in.turns(t)
	if first := turns.Shift(in.WalkFrom); !want.FirstStart.IsZero() {
		require.Equal(t, want.FirstStart.UTC(), first.Start)
		require.Equal(t, want.FirstEnd.UTC(), first.End)
	}
	var got []time.Time
	// The walk ends before its last instant, and the shifts do at it.
	for shift := range turns.Shifts(calendar.Between(in.WalkFrom, in.WalkTo)) {
		if len(got) == 0 {
			got = append(got, shift.Start)
		}
		got = append(got, shift.End)
	}
	require.Equal(t, caltest.InUTC(want.All), got)
	require.Positive(t, in.Step)
	// By steps, as the source goes, they are the same.
	walked := []time.Time{turns.Shift(in.WalkFrom).Start}
	for at := in.WalkFrom; at.Before(in.WalkTo); at = at.Add(time.Duration(in.Step) * time.Second) {
		if end := turns.Shift(at).End; !end.Equal(walked[len(walked)-1]) {
			walked = append(walked, end)
		}
	}
	require.Equal(t, caltest.InUTC(want.All), walked)
}

// every is "every 2 days".
type every struct {
	Unit  string `json:"unit"`
	Count int    `json:"count"`
}

func (e every) turns() rota.Unit {
	return map[string]rota.Unit{
		"hour": rota.Hourly, "day": rota.Daily, "week": rota.Weekly, "month": rota.Monthly, "year": rota.Yearly,
	}[e.Unit]
}

type everyInput struct {
	Start time.Time `json:"start"`
	Every every     `json:"every"`
	After time.Time `json:"after"`
	Zone  string    `json:"zone"`
}

func checkHandoffs(t *testing.T, c caltest.Case) {
	in := caltest.Fields[everyInput](t, c.Input)
	loc := caltest.Location(t, in.Zone)
	r := rota.Rotation{
		Zone: in.Zone, Start: calendar.LocalTimeOf(in.Start, loc), Unit: in.Every.turns(), Length: in.Every.Count,
		Members: []servicecoin.PersonID{"anna"},
	}
	if c.Policy == "OverflowDay" {
		r.Missing = rota.OverflowDay
	}
	turns, err := r.Compile()
	require.NoError(t, err)
	want := caltest.Fields[struct {
		Handoffs []calendar.Date `json:"handoffs"`
		Second   time.Time       `json:"second_handoff"`
	}](t, c.Expect)
	require.NotEqual(t, want.Second.IsZero(), want.Handoffs == nil)
	if !want.Second.IsZero() {
		require.Equal(t, want.Second.UTC(), turns.Shift(in.Start).End)
		return
	}
	var got []calendar.Date
	for shift := range turns.Shifts(calendar.Between(in.Start, in.Start.AddDate(1, 0, 0))) {
		if got = append(got, calendar.DateOf(shift.Start, loc)); len(got) == len(want.Handoffs) {
			break
		}
	}
	require.Equal(t, want.Handoffs, got)
}

type layer struct {
	Users       []servicecoin.PersonID `json:"users"`
	Start       time.Time              `json:"start"`
	Handoff     time.Time              `json:"handoff"`
	Every       every                  `json:"every"`
	Zone        string                 `json:"zone"`
	Restriction *struct {
		Kind    string         `json:"kind"`
		From    calendar.Clock `json:"from_clock"`
		To      calendar.Clock `json:"to_clock"`
		Windows []struct {
			FromDay string         `json:"from_day"`
			From    calendar.Clock `json:"from_clock"`
			ToDay   string         `json:"to_day"`
			To      calendar.Clock `json:"to_clock"`
		} `json:"windows"`
	} `json:"restriction"`
}

type layerInput struct {
	Layers []layer `json:"layers"`
}

func (l layer) rotation(t *testing.T) rota.Rotation {
	return rota.Rotation{
		Zone: l.Zone, Start: calendar.LocalTimeOf(l.Start, caltest.Location(t, l.Zone)), Unit: l.Every.turns(), Length: l.Every.Count, Members: l.Users,
	}
}

// windows returns the times to which a layer is restricted.
func (l layer) windows(t *testing.T) []recur.Window {
	from := calendar.DateOf(l.Start, caltest.Location(t, l.Zone)).AddDays(-7)
	if l.Restriction.Kind == "daily" {
		return []recur.Window{recur.WeeklyWindow(calendar.AllWeekdays, calendar.ClockSpan{Open: l.Restriction.From, Close: l.Restriction.To}, l.Zone, from)}
	}
	var out []recur.Window
	for _, w := range l.Restriction.Windows {
		days := caltest.Weekdays(t, w.FromDay)
		window := recur.WeeklyWindow(days, calendar.ClockSpan{Open: w.From, Close: w.To}, l.Zone, from)
		window.Days = caltest.Weekdays(t, w.ToDay).DaysUntil(time.Weekday(days.DaysUntil(time.Sunday)))
		out = append(out, window)
	}
	return out
}

// who asks the rotation of a layer, and its windows if it is restricted.
func (l layer) who(t *testing.T, at time.Time) (servicecoin.PersonID, bool) {
	turns, err := l.rotation(t).Compile()
	require.NoError(t, err)
	require.Equal(t, l.Handoff.UTC(), turns.Shift(l.Handoff).Start, "it is handed over when the rotation says so")
	who, is := turns.Who(at)
	if l.Restriction == nil {
		return who, is
	}
	open := false
	for _, w := range l.windows(t) {
		times, err := w.Compile()
		require.NoError(t, err)
		open = open || times.Contains(at)
	}
	return who, is && open
}

// checkLayer asks the layers.
func checkLayer(t *testing.T, c caltest.Case) {
	in := caltest.Fields[layerInput](t, c.Input)
	require.NotEmpty(t, in.Layers)
	for _, probe := range caltest.Fields[struct {
		Probes []struct {
			At   time.Time             `json:"at"`
			User *servicecoin.PersonID `json:"user"`
		} `json:"probes"`
	}](t, c.Expect).Probes {
		var who servicecoin.PersonID
		is := false
		for _, l := range in.Layers { // the first one that has somebody
			if who, is = l.who(t, probe.At); is {
				break
			}
		}
		require.Equal(t, probe.User != nil, is, probe.At)
		if is {
			require.Equal(t, *probe.User, who, probe.At)
		}
	}
}

func TestVectors(t *testing.T) {
	const (
		wallClock = "hourly turns follow the clock on the wall, as ours do"
		layers    = "the first layer that has somebody: that is put together by who asks, two rotations and a window here"
	)
	caltest.Vectors{
		Files: []string{"goalert_rotation.json", "midnight_dst.json", "oneuptime_layers.json"},
		Quirks: map[string]caltest.Quirk{
			"ga-rot-walk-h1-gap-0230":        {Policy: wallClock},
			"ga-rot-walk-h1-fallback-0230":   {Policy: wallClock},
			"ga-month-31-overflow":           {Policy: "OverflowDay"},
			"ou-2day-grid":                   {Policy: "turn 0 begins at the start"},
			"ou-interval-zero":               {Refused: "turns of no length are an error"},
			"ou-overnight-daily":             {Policy: "a turn is handed over in the window, too: the rotation and the window are two things"},
			"ou-primary-restricted-fallback": {Policy: layers},
		},
		Asked: map[string]caltest.Asked{
			"layer.user_at":           {"layers", "probes"},
			"rotation.boundaries":     {"type shift_length start zone walk_from walk_to walk_step_seconds", "first_shift_start? first_shift_end? all_boundaries"},
			"rotation.month_overflow": {"start zone every", "handoffs? second_handoff?"},
			"rotation.shift_end":      {"type shift_length start zone at", "shift_end real_hours?"},
			"rotation.shift_start":    {"type shift_length start zone at", "shift_start"},
		},
		Checks: map[string]func(*testing.T, caltest.Case){
			"layer.user_at":           checkLayer,
			"rotation.boundaries":     checkBoundaries,
			"rotation.month_overflow": checkHandoffs,
			"rotation.shift_end":      checkShift,
			"rotation.shift_start":    checkShift,
		},
		Refusal: func(t *testing.T, c caltest.Case) {
			in := caltest.Fields[layerInput](t, c.Input)
			require.Len(t, in.Layers, 1)
			require.Equal(t, []string{"length:out-of-range"}, caltest.Codes(t, in.Layers[0].rotation(t).Validate()))
		},
	}.Run(t)
}

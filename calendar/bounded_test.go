package calendar_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/ical"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/calendar/rota"
	"github.com/servicecoin/servicecoin/internal/limittest"
)

// checked is a call that gets too much, and may ask for so plenty bytes.
type checked struct {
	call func() error
	most uint64
}

// plenty is how many members each list gets.
const plenty = 100_000

// jsonOf puts a list of so plenty members into an object, where it says %s.
func jsonOf(t *testing.T, form, member string, n int, into any) func() error {
	t.Helper()
	text := strings.Replace(form, "%s", "["+strings.TrimSuffix(strings.Repeat(member+",", n), ",")+"]", 1)
	return func() error { return json.Unmarshal([]byte(text), into) }
}

// Whatever a list has, its length is looked at first, the complaints are bounded,
// and so is what they cost. It measures memory: no test runs beside it.
func TestManyMembersAreBounded(t *testing.T) { //nolint:paralleltest // see above
	const small, text = 256 << 10, 16 << 20 // of a list that is handed in; of one that has to be read
	day := hours.On(caltest.Date(t, "2026-01-05"))
	span := calendar.ClockSpan{Open: calendar.ClockAt(9, 0), Close: calendar.ClockAt(17, 0)}
	open := hours.Hours{Weekly: hours.EveryDay(calendar.AllDay())}
	within := caltest.Between(t, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
	daily := recur.Rule{Start: recur.WholeDay(caltest.Date(t, "2026-01-05")), Repeats: []recur.Repeat{{Frequency: recur.Daily}}}
	rotation := rota.Rotation{Start: calendar.LocalTime{Date: caltest.Date(t, "2026-01-05")}, Unit: rota.Weekly, Length: 1, Members: []servicecoin.PersonID{"anna"}}
	opens := func(change func(h *hours.Hours)) hours.Hours {
		h := open
		change(&h)
		return h
	}
	rule := func(change func(r *recur.Rule)) recur.Rule {
		r := daily
		change(&r)
		return r
	}
	repeat := func(change func(r *recur.Repeat)) recur.Repeat {
		r := recur.Repeat{Frequency: recur.Weekly}
		change(&r)
		return r
	}
	turns := func(change func(r *rota.Rotation)) rota.Rotation {
		r := rotation
		change(&r)
		return r
	}
	calls := map[string]checked{}
	add := func(name string, most uint64, call func() error) { calls[name] = checked{call, most} }

	spans, bad := slices.Repeat([]calendar.ClockSpan{span}, plenty), make([]calendar.ClockSpan, plenty)
	for name, list := range map[string][]calendar.ClockSpan{"spans": spans, "bad spans": bad} {
		for what, h := range map[string]hours.Hours{
			"weekly":        opens(func(h *hours.Hours) { h.Weekly[time.Monday] = list }),
			"on holidays":   opens(func(h *hours.Hours) { h.OnHolidays = list }),
			"a special day": opens(func(h *hours.Hours) { h.Special = []hours.SpecialDay{{Dates: day, Hours: list}} }),
			"a break":       opens(func(h *hours.Hours) { h.Breaks = []hours.Break{{Dates: day, Hours: list}} }),
		} {
			add(name+" of "+what, small, h.Validate)
			add(name+" of "+what+", compiled", small, func() error { _, err := h.Compile(within, nil); return err })
			add(name+" of "+what+", critical", small, func() error {
				return hours.CriticalWindow{Name: "a", Kind: hours.BusinessEvent, Reason: "b", Weight: decimal.New(1, 0), Hours: &h}.Validate()
			})
		}
		add(name+" of a week", small, hours.Week{list}.Validate)
	}
	for what, h := range map[string]hours.Hours{
		"holidays":     opens(func(h *hours.Hours) { h.Holidays = slices.Repeat([]hours.Holiday{{Dates: day}}, plenty) }),
		"bad holidays": opens(func(h *hours.Hours) { h.Holidays = make([]hours.Holiday, plenty) }),
		"special":      opens(func(h *hours.Hours) { h.Special = make([]hours.SpecialDay, plenty) }),
		"breaks":       opens(func(h *hours.Hours) { h.Breaks = make([]hours.Break, plenty) }),
	} {
		add(what, small, h.Validate)
		add(what+", compiled", small, func() error { _, err := h.CompileYears(2026, 2026, nil); return err })
	}
	for what, r := range map[string]recur.Repeat{
		"seconds":   repeat(func(r *recur.Repeat) { r.BySecond = make([]int, plenty) }),
		"minutes":   repeat(func(r *recur.Repeat) { r.ByMinute = slices.Repeat([]int{99}, plenty) }),
		"hours":     repeat(func(r *recur.Repeat) { r.ByHour = slices.Repeat([]int{99}, plenty) }),
		"days":      repeat(func(r *recur.Repeat) { r.ByDay = slices.Repeat([]recur.NthDay{{N: 99}}, plenty) }),
		"monthdays": repeat(func(r *recur.Repeat) { r.ByMonthDay = make([]int, plenty) }),
		"yeardays":  repeat(func(r *recur.Repeat) { r.ByYearDay = make([]int, plenty) }),
		"weeks":     repeat(func(r *recur.Repeat) { r.ByWeekNo = make([]int, plenty) }),
		"months":    repeat(func(r *recur.Repeat) { r.ByMonth = make([]time.Month, plenty) }),
		"positions": repeat(func(r *recur.Repeat) { r.BySetPos = make([]int, plenty) }),
	} {
		add(what+" of a repeat", 1<<20, r.Validate)
		if what == "days" {
			add(what+" of a repeat, conform", small, r.Conform)
		}
		in := rule(func(x *recur.Rule) { x.Repeats = []recur.Repeat{r} })
		add(what+" of a rule, compiled", 1<<20, func() error { _, err := in.Compile(); return err })
	}
	for what, r := range map[string]recur.Rule{
		"repeats":        rule(func(r *recur.Rule) { r.Repeats = make([]recur.Repeat, plenty) }),
		"except":         rule(func(r *recur.Rule) { r.Except = make([]recur.Repeat, plenty) }),
		"dates":          rule(func(r *recur.Rule) { r.Dates = slices.Repeat([]recur.When{{UTC: true}}, plenty) }),
		"dates to leave": rule(func(r *recur.Rule) { r.ExceptDates = slices.Repeat([]recur.When{{UTC: true}}, plenty) }),
		"some bad dates": rule(func(r *recur.Rule) { r.Dates = make([]recur.When, recur.MaxDates) }),
	} {
		add(what, 16<<20, r.Validate)
		add(what+", compiled", 16<<20, func() error { _, err := r.Compile(); return err })
		w := recur.Window{Rule: r}
		add(what+" of a window", 16<<20, w.Validate)
		add(what+" of a window, compiled", 16<<20, func() error { _, err := w.Compile(); return err })
	}
	ids := slices.Repeat([]servicecoin.PersonID{"a\x00"}, plenty)
	for what, r := range map[string]rota.Rotation{
		"members":     turns(func(r *rota.Rotation) { r.Members = ids }),
		"changes":     turns(func(r *rota.Rotation) { r.Changes = make([]rota.Change, plenty) }),
		"bad changes": turns(func(r *rota.Rotation) { r.Changes = make([]rota.Change, rota.MaxChanges) }),
		"members of a change": turns(func(r *rota.Rotation) {
			r.Changes = []rota.Change{{From: calendar.LocalTime{Date: caltest.Date(t, "2026-01-06")}, Members: ids}}
		}),
		"members of all changes": turns(func(r *rota.Rotation) {
			for i := range rota.MaxChanges {
				c := rota.Change{From: calendar.LocalTime{Date: caltest.Date(t, "2026-01-06").AddDays(i)}, Members: slices.Repeat([]servicecoin.PersonID{"anna"}, 100)}
				r.Changes = append(r.Changes, c)
			}
		}),
	} {
		add(what, 8<<20, r.Validate)
		add(what+", compiled", 8<<20, func() error { _, err := r.Compile(); return err })
	}
	critical, windows := make([]hours.CriticalWindow, plenty), make([]recur.Window, recur.MaxWindows+1)
	add("critical windows", small, func() error {
		_, err := hours.CompileCritical(within, critical...)
		return err
	})
	add("bad critical windows", 8<<20, func() error {
		_, err := hours.CompileCritical(within, critical[:hours.MaxDays]...)
		return err
	})
	add("windows", small, func() error {
		_, err := recur.CompileWindows(within, windows...)
		return err
	})
	add("bad windows", 64<<20, func() error {
		_, err := recur.CompileWindows(within, windows[:plenty]...)
		return err
	})

	for what, form := range map[string]string{
		"holidays": `{"weekly":{"mon":["09:00-17:00"]},"holidays":%s}`, "special": `{"weekly":{"mon":["09:00-17:00"]},"special":%s}`, "breaks": `{"weekly":{"mon":["09:00-17:00"]},"breaks":%s}`,
	} {
		add(what+" in JSON", 160<<20, jsonOf(t, form, `{"dates":"x"}`, plenty, new(hours.Hours)))
	}
	add("spans in JSON", 64<<20, jsonOf(t, `{"weekly":{"mon":%s}}`, `"x"`, plenty, new(hours.Hours)))
	add("spans on holidays in JSON", 64<<20, jsonOf(t, `{"weekly":{},"onHolidays":%s}`, `"x"`, plenty, new(hours.Hours)))
	add("spans of a week in JSON", 64<<20, jsonOf(t, `{"mon":%s}`, `"x"`, plenty, new(hours.Week)))
	for _, what := range []string{"repeats", "dates", "except", "exceptDates"} {
		add(what+" in JSON", 64<<20, jsonOf(t, `{"start":"2026-01-05","`+what+`":%s}`, `"x"`, plenty, new(recur.Rule)))
		add(what+" of a window in JSON", 64<<20, jsonOf(t, `{"rule":{"start":"2026-01-05","`+what+`":%s}}`, `"x"`, plenty, new(recur.Window)))
	}
	add("members in JSON", 64<<20, jsonOf(t, `{"start":"2026-01-05T09:00","unit":"daily","length":1,"members":%s}`, `"x"`, plenty, new(validRotation)))
	add("changes in JSON", 160<<20, jsonOf(t, `{"start":"2026-01-05T09:00","unit":"daily","length":1,"members":["a"],"changes":%s}`, `{"from":"x"}`, plenty, new(rota.Rotation)))
	add("a set in JSON", 160<<20, jsonOf(t, `%s`, `{"start":"2026-01-05T09:00:00Z","end":"2025-01-05T09:00:00Z"}`, plenty, new(calendar.Set)))
	add("steps in JSON", 160<<20, jsonOf(t, `%s`, `{"start":"2026-01-05T09:00:00Z","end":"2025-01-05T09:00:00Z","weight":"1"}`, plenty, new(calendar.Steps)))
	parse := func(name, text string, most uint64, read func(string) error) {
		add(name, most, func() error { return read(text) })
	}
	parseRule := func(s string) error { _, err := recur.Parse(s); return err }
	parseRepeat := func(s string) error { _, err := recur.ParseRepeat(s); return err }
	parseWindow := func(s string) error { _, err := recur.ParseWindow(s); return err }
	parseRotation := func(s string) error { _, err := rota.Parse(s); return err }
	parseHours := func(s string) error { _, err := hours.Parse(s); return err }
	readEvents := func(s string) error { _, err := ical.Read(strings.NewReader(s), time.UTC); return err }
	parse("lines", strings.Repeat("X\n", plenty), text, parseRule)
	parse("rules", "DTSTART:20260105\n"+strings.Repeat("RRULE:\n", plenty), text, parseRule)
	parse("dates in a line", "DTSTART:20260105\nRDATE:"+strings.Repeat("x,", plenty), text, parseRule)
	parse("good dates in a line", "DTSTART:20260105\nEXDATE:"+strings.Repeat("20260105,", plenty), text, parseRule)
	parse("parameters", "DTSTART"+strings.Repeat(";A=1", plenty), text, parseRule)
	parse("parts of a repeat", strings.Repeat("FREQ=DAILY;", plenty/2), text, parseRepeat)
	parse("numbers of a repeat", "FREQ=DAILY;BYHOUR="+strings.Repeat("99,", plenty), text, parseRepeat)
	parse("words of a window", strings.Repeat("Mo ", plenty), text, parseWindow)
	parse("lines of a window", "DTSTART:20260105\n"+strings.Repeat("X\n", plenty), text, parseWindow)
	parse("changes of a rotation", "weekly from 2026-01-05 09:00: a"+strings.Repeat(";", 1_000_000)+"x", text, parseRotation)
	parse("members of a rotation", "weekly from 2026-01-05 09:00: a"+strings.Repeat(",b", 500_000), text, parseRotation)
	parse("words of a rotation", strings.Repeat("a ", 500_000)+": a", text, parseRotation)
	parse("rules of hours", strings.Repeat("x;", 32_000), text, parseHours)
	parse("dates of hours", strings.TrimSuffix(strings.Repeat("Jan 1 off;", 6_000), ";")+"x", text, parseHours)
	parse("spans of hours", "Mo "+strings.Repeat("9:00-9:01,", 6_000)+"x", text, parseHours)
	parse("weekdays", strings.Repeat("Xx,", plenty), small, func(s string) error { _, err := calendar.ParseWeekdays(s); return err })
	parse("lines of events", "BEGIN:VCALENDAR\n"+strings.Repeat("x\n", plenty), text, readEvents)
	parse("events", icsOf(slices.Repeat([]string{"SUMMARY:x"}, plenty)...), 64<<20, readEvents)
	parse("events of one UID", icsOf(slices.Repeat([]string{"UID:a\nSEQUENCE:x\nDTSTART:20260105"}, hours.MaxDays)...), 64<<20, readEvents)
	parse("moved times, and rules", icsOf(func() (events []string) {
		for i := range 5000 {
			events = append(events, fmt.Sprintf("UID:a\nSUMMARY:%d\nDTSTART:20260105\nRRULE:FREQ=DAILY;COUNT=1", i), fmt.Sprintf("UID:a\nRECURRENCE-ID:%s\nDTSTART:20260105", strings.ReplaceAll(caltest.Date(t, "2026-01-05").AddDays(i).String(), "-", "")))
		}
		return events
	}()...), 128<<20, readEvents)
	parse("exceptions of an event", icsOf("DTSTART:20260105\nRRULE:FREQ=DAILY\nEXDATE:"+strings.Repeat("x,", plenty)), text, readEvents)
	parse("periods of an event", icsOf("DTSTART:20260105T090000\nRDATE;VALUE=PERIOD:"+strings.Repeat("x,", plenty)), 32<<20, readEvents)
	parse("parameters of an event", icsOf("DTSTART"+strings.Repeat(";A=1", plenty)), text, readEvents)
	parse("components", "BEGIN:VCALENDAR\n"+strings.Repeat("BEGIN:X\n", plenty), text, readEvents)
	parse("unknown components", "BEGIN:VCALENDAR\n"+strings.Repeat("BEGIN:X\nEND:X\n", plenty), 128<<20, readEvents)
	parse("parts of a zone", "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:X\n"+strings.Repeat("BEGIN:STANDARD\nEND:STANDARD\n", plenty)+"END:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;TZID=X:20260105T090000\nEND:VEVENT\nEND:VCALENDAR\n", 128<<20, readEvents)
	parse("names of zones", icsOf(func() (events []string) {
		for i := range 9000 {
			events = append(events, fmt.Sprintf("DTSTART;TZID=%sEurope/Berlin:20260105T090000", strings.Repeat("a/", i%40)+fmt.Sprint(i, "/")))
		}
		return events
	}()...), 64<<20, readEvents)

	for _, name := range sortedNames(calls) {
		t.Run(name, func(t *testing.T) {
			var err error
			n := limittest.Allocated(func() { err = calls[name].call() })
			t.Logf("%d kB", n>>10)
			invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
			require.True(t, ok, "%v", err)
			require.LessOrEqual(t, len(invalid.Violations), servicecoin.MaxViolations)
			require.LessOrEqual(t, n, calls[name].most, "bytes")
		})
	}
}

// validRotation is a rotation that is checked when it has been read.
type validRotation rota.Rotation

func (r *validRotation) UnmarshalJSON(data []byte) error {
	if err := (*rota.Rotation)(r).UnmarshalJSON(data); err != nil {
		return err
	}
	return rota.Rotation(*r).Validate()
}

func sortedNames(calls map[string]checked) []string {
	var names []string
	for name := range calls {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// icsOf wraps events in a calendar.
func icsOf(events ...string) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\nVERSION:2.0\n")
	for _, e := range events {
		b.WriteString("BEGIN:VEVENT\n" + e + "\nEND:VEVENT\n")
	}
	return b.String() + "END:VCALENDAR\n"
}

package recur

import (
	"encoding/json"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
)

// UnmarshalJSON reads a rule and reports every violation of its form with its
// path. Unlike encoding/json it refuses a field that it does not know.
func (r *Rule) UnmarshalJSON(data []byte) error {
	var raw struct {
		Start       string               `json:"start"`
		Zone        string               `json:"zone"`
		Repeats     []string             `json:"repeats"`
		Dates       []string             `json:"dates"`
		Except      []string             `json:"except"`
		ExceptDates []string             `json:"exceptDates"`
		Gap         calendar.GapPolicy   `json:"gap"`
		Twice       calendar.TwicePolicy `json:"twice"`
	}
	var v servicecoin.Violations
	if lines.Strictly(&v, data, "a rule", &raw) {
		out := Rule{
			Start: lines.ReadText[When](&v, "start", raw.Start), Zone: raw.Zone, Gap: raw.Gap, Twice: raw.Twice,
			Repeats: lines.ReadTexts[Repeat](&v, "repeats", raw.Repeats, maxRepeaters), Dates: lines.ReadTexts[When](&v, "dates", raw.Dates, MaxDates),
			Except: lines.ReadTexts[Repeat](&v, "except", raw.Except, maxRepeaters), ExceptDates: lines.ReadTexts[When](&v, "exceptDates", raw.ExceptDates, MaxDates),
		}
		if v.Err() == nil {
			*r = out
		}
	}
	return v.Err()
}

// UnmarshalJSON reads a window and reports every violation of its form with its
// path, as [Rule.UnmarshalJSON] does.
func (w *Window) UnmarshalJSON(data []byte) error {
	var raw struct {
		Name  string          `json:"name"`
		Rule  json.RawMessage `json:"rule"`
		For   string          `json:"for"`
		Until *string         `json:"until"`
		Days  int             `json:"days"`
	}
	var v servicecoin.Violations
	if lines.Strictly(&v, data, "a window", &raw) {
		out := Window{Name: raw.Name, For: lines.ReadText[calendar.Period](&v, "for", raw.For), Days: raw.Days}
		if raw.Rule != nil {
			v.Merge("rule", out.Rule.UnmarshalJSON(raw.Rule))
		}
		if raw.Until != nil {
			c, err := calendar.ParseClock(*raw.Until)
			v.Merge("until", err)
			out.Until = &c
		}
		if v.Err() == nil {
			*w = out
		}
	}
	return v.Err()
}

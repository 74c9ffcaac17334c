package calendar

import (
	"encoding/json"

	"github.com/servicecoin/servicecoin"
)

// UnmarshalJSON reads a rule and reports every violation of its form with its
// path. Unlike encoding/json it refuses a field that it does not know.
func (r *Rule) UnmarshalJSON(data []byte) error {
	var raw struct {
		Start       string      `json:"start"`
		Zone        string      `json:"zone"`
		Repeats     []string    `json:"repeats"`
		Dates       []string    `json:"dates"`
		Except      []string    `json:"except"`
		ExceptDates []string    `json:"exceptDates"`
		Gap         GapPolicy   `json:"gap"`
		Twice       TwicePolicy `json:"twice"`
	}
	var v servicecoin.Violations
	if strictly(&v, data, "a rule", &raw) {
		out := Rule{
			Start: readText[When](&v, "start", raw.Start), Zone: raw.Zone, Gap: raw.Gap, Twice: raw.Twice,
			Repeats: readTexts[Repeat](&v, "repeats", raw.Repeats, maxRepeaters), Dates: readTexts[When](&v, "dates", raw.Dates, MaxRuleDates),
			Except: readTexts[Repeat](&v, "except", raw.Except, maxRepeaters), ExceptDates: readTexts[When](&v, "exceptDates", raw.ExceptDates, MaxRuleDates),
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
	if strictly(&v, data, "a window", &raw) {
		out := Window{Name: raw.Name, For: readText[Period](&v, "for", raw.For), Days: raw.Days}
		if raw.Rule != nil {
			v.Merge("rule", out.Rule.UnmarshalJSON(raw.Rule))
		}
		if raw.Until != nil {
			c, err := ParseClock(*raw.Until)
			v.Merge("until", err)
			out.Until = &c
		}
		if v.Err() == nil {
			*w = out
		}
	}
	return v.Err()
}

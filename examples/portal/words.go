package main

import (
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
)

func templates() (*template.Template, error) {
	return template.New("").Funcs(template.FuncMap{
		"stamp": stamp, "clock": func(t time.Time) string { return t.UTC().Format("15:04") },
		"day":     func(t time.Time) string { return t.UTC().Format("2 Jan 2006") },
		"input":   func(t time.Time) string { return t.UTC().Format(wholeTime) },
		"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"percent": percent, "seconds": seconds, "level": levelWords, "tone": levelTone, "segment": url.PathEscape,
		"state": stateTone, "verb": verbWords, "dict": dict, "title": func(s any) string { return sentence(fmt.Sprint(s)) }, "actor": actor,
	}).ParseFS(web, "web/*.html")
}

func stamp(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04") }

func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func compareFold(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }

// percent prints a percentage to four places without trailing zeros; what is
// not defined is not known.
func percent(d decimal.NullDecimal) string {
	if !d.Valid {
		return "unknown"
	}
	return d.Decimal.Round(4).String() + " %"
}

// seconds prints a length of time.
func seconds(d decimal.Decimal) string {
	sign := ""
	if d.IsNegative() {
		sign, d = "−", d.Neg()
	}
	whole := d.Round(0).IntPart()
	switch {
	case whole == 0 && d.IsPositive():
		return sign + d.String() + " s"
	case whole < 60:
		return fmt.Sprintf("%s%d s", sign, whole)
	case whole < 3600:
		return strings.TrimSuffix(fmt.Sprintf("%s%d min %d s", sign, whole/60, whole%60), " 0 s")
	default:
		return strings.TrimSuffix(fmt.Sprintf("%s%d h %d min", sign, whole/3600, whole%3600/60), " 0 min")
	}
}

// minutes prints a length of time to the minute.
func minutes(d time.Duration) string {
	return seconds(decimal.NewFromInt(max(60, int64(d.Round(time.Minute).Seconds()))))
}

// between prints how long a while was or is.
func between(from, until time.Time) string {
	return seconds(decimal.NewFromInt(int64(until.Sub(from).Seconds())))
}

func levelWords(l incident.Level) string {
	switch l {
	case incident.Unaffected:
		return "Works"
	case incident.Information:
		return "Information"
	case incident.Degradation:
		return "Slow"
	case incident.Disruption:
		return "Fails for some"
	case incident.Outage:
		return "Down"
	}
	return "Unknown"
}

// levelTone is the class of a level; a word or shape always stands beside it.
func levelTone(l incident.Level) string {
	switch l {
	case incident.Unaffected:
		return "good"
	case incident.Information:
		return "info"
	case incident.Degradation, incident.Disruption:
		return "warn"
	case incident.Outage:
		return "bad"
	}
	return "none"
}

func stateTone(s incident.State) string {
	switch s {
	case incident.Reported:
		return "bad"
	case incident.Acknowledged, incident.Pending:
		return "warn"
	case incident.Resolved:
		return "good"
	case incident.Closed, incident.Cancelled:
	}
	return "none"
}

// dict hands several values to a template.
func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no key", pairs[i])
		}
		m[key] = pairs[i+1]
	}
	return m, nil
}

// verbWords says what an entry of the timeline is.
func verbWords(v incident.Verb) string {
	//nolint:exhaustive // the others read well as they are
	switch v {
	case incident.VerbAddFollowUp:
		return "follow-up added"
	case incident.VerbCompleteFollowUp:
		return "follow-up done"
	case incident.VerbMoveFollowUp:
		return "follow-up moved"
	case incident.VerbDropFollowUp:
		return "follow-up dropped"
	case incident.VerbAffect:
		return "effect"
	case incident.VerbDeclareMajor:
		return "declared major"
	}
	return string(v)
}

func actor(a servicecoin.Actor) string {
	if a.Kind == servicecoin.System {
		return "program " + string(a.ID)
	}
	return string(a.ID)
}

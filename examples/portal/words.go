package main

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/estimate"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/operations/change"
)

// pages are the templates, for each zone those that show its times.
type pages struct {
	mu    sync.Mutex
	made  map[string]*template.Template
	names map[servicecoin.PersonID]string // of people; set before the first page is shown
}

// called returns the name of a person.
func (p *pages) called(id servicecoin.PersonID) string {
	if name, known := p.names[id]; known {
		return name
	}
	return string(id)
}

// actor says who acted.
func (p *pages) actor(a servicecoin.Actor) string {
	if a.Kind == servicecoin.System {
		return "the portal, by itself"
	}
	return p.called(a.ID)
}

func (p *pages) in(loc *time.Location) (*template.Template, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t, ok := p.made[loc.String()]; ok {
		return t, nil
	}
	t, err := p.templates(loc)
	if err != nil {
		return nil, err
	}
	if p.made == nil {
		p.made = map[string]*template.Template{}
	}
	p.made[loc.String()] = t
	return t, nil
}

func (p *pages) templates(loc *time.Location) (*template.Template, error) {
	format := func(layout string) func(time.Time) string {
		return func(t time.Time) string { return t.In(loc).Format(layout) }
	}
	return template.New("").Funcs(template.FuncMap{
		"stamp": format(stampLayout), "clock": format("15:04"), "exactly": format("15:04:05"), "day": format("2 Jan 2006"), "input": format(wholeTime), "zone": loc.String,
		"month":   calendar.Month.Words,
		"plain":   func(text string) string { return plainWords(loc, text) }, // instants in it by the clock of whoever reads
		"worked":  workedWords,
		"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"percent": percent, "seconds": seconds, "level": levelWords, "tone": levelTone, "segment": url.PathEscape,
		"state": stateTone, "title": func(s any) string { return sentence(fmt.Sprint(s)) }, "actor": p.actor, "called": p.called,
		"field": fieldWords, "group": groupWords, "wrong": wrongAt, "sent": sentWords, "chosen": chosen, "tried": wasTried,
		"changeState": changeStateWords, "changeTone": changeStateTone, "deed": changeDeeds, "consent": consentWords, "choice": voteWords, "length": lengthText, "role": roleName, "risk": change.RiskMatrix.Level, "grade": gradeWords, "plus": func(n int) int { return n + 1 }, "number": numberText,
		"moment": func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.In(loc).Format(wholeTime)
		},
		"onDay": dateWords, "outcome": outcomeWords, "phase": phaseWords, "lastDay": endWords, "fraction": fractionWords, "content": contentWords, "apiKind": apiKindWords, "apiTone": levelOfChange,
		"byDay": func(t time.Time) string { return t.Add(-time.Nanosecond).In(loc).Format("2 Jan 2006") },
		"share": shareWords, "shareOf": shareOf,
		"verb": verbWords, "dict": dict, "plural": plural, "amount": amount, "figure": inColumn, "more": more, "grouped": grouped, "pageID": pageID, "lead": leadWords, "int": func(n int64) int { return int(n) }, "five": func() []int { return []int{1, 2, 3, 4, 5} },
	}).ParseFS(web, "web/*.html")
}

// plainWords is a text for people, in which there may be instants as programs write
// them: they are told by a clock.
func plainWords(loc *time.Location, text string) string {
	told := servicecoin.Trace{Plain: servicecoin.Say(" %v", text)}.Tell(servicecoin.Reader{Zone: loc})
	return strings.TrimPrefix(told.Text, " ")
}

// workedWords is a length of working time as people say it: "4 h", "2 working days".
func workedWords(a hours.Allowance) string {
	text := a.String()
	if d, err := time.ParseDuration(text); err == nil {
		return seconds(decimal.NewFromInt(int64(d.Seconds())))
	}
	return text
}

const stampLayout = "2 Jan 2006, 15:04"

func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

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

// plural counts something: "1 order", "2 orders".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// grouped prints a number with its thousands apart.
func grouped(d decimal.Decimal) string {
	whole, rest, _ := strings.Cut(d.Abs().String(), ".")
	var b strings.Builder
	if d.IsNegative() {
		b.WriteString("−")
	}
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteRune('\u202f')
		}
		b.WriteRune(c)
	}
	if rest != "" {
		b.WriteString("." + rest)
	}
	return b.String()
}

// amount prints money with its currency, to the digits of the currency where it
// is rounded.
func amount(a money.Amount) string {
	if !a.Defined() {
		return "unknown"
	}
	number, currency, _ := strings.Cut(a.String(), " ")
	d, err := decimal.NewFromString(number)
	if err != nil {
		return a.String()
	}
	text := grouped(d)
	if _, decimals, ok := strings.Cut(number, "."); ok { // keep what the currency has
		whole, _, _ := strings.Cut(text, ".")
		text = whole + "." + decimals
	}
	return text + " " + currency
}

// inColumn is an amount in a column that names the currency.
func inColumn(a money.Amount) string {
	number, _, _ := strings.Cut(amount(a), " ")
	return number
}

// more writes a plus before what is above zero.
func more(number string) string {
	number = strings.Replace(number, "-", "−", 1)
	if strings.HasPrefix(number, "−") || !strings.ContainsAny(number, "123456789") {
		return number
	}
	return "+" + number
}

// leadWords prints a length of time, set or measured, as people say it.
func leadWords(d interface{ Get() (time.Duration, bool) }) string {
	length, ok := d.Get()
	if !ok {
		return "not said"
	}
	switch {
	case length >= 48*time.Hour && length%(24*time.Hour) == 0:
		return plural(int(length/(24*time.Hour)), "day")
	case length >= 48*time.Hour:
		return fmt.Sprintf("%.1f days", length.Hours()/24)
	}
	return seconds(decimal.NewFromInt(int64(length.Seconds())))
}

// pageID makes an id for an element out of any text.
func pageID(text string) string { return url.PathEscape(text) }

func intervalWords(i estimate.Interval) string {
	return fmt.Sprintf("95 %% interval %.0f to %.0f", i.Low, i.High)
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
func verbWords(v string) string {
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
	_, word, _ := strings.Cut(v, ".") // the others read well as they are
	return word
}

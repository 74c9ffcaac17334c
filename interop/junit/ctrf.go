package junit

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// maxElement is how long one test of CTRF may be.
const maxElement = 4 << 20

// budget ends a reader that goes on for too long before it is granted more.
type budget struct {
	r    io.Reader
	left int
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		var v servicecoin.Violations
		v.Add("", "too-long", "", fmt.Sprintf("one part of it has more than %d bytes", maxElement))
		return 0, v.Err()
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// ctrfReader reads CTRF.
type ctrfReader struct {
	*collector

	d       *json.Decoder
	b       *budget
	lines   *newlines
	summary struct {
		Tests, Passed, Failed, Pending, Skipped, Other any
		Start                                          any
	}
	suites  map[string]int
	words   map[string]int // how often each status came
	seconds bool
}

// newlines counts the lines that went by.
type newlines struct {
	r  io.Reader
	at []int64
	n  int64
}

func (l *newlines) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	for k, c := range p[:n] {
		if c == '\n' {
			l.at = append(l.at, l.n+int64(k))
		}
	}
	l.n += int64(n)
	return n, err
}

// line is the line of the place that the decoder is at; lines before it are forgotten.
func (r *ctrfReader) here() int {
	at := r.d.InputOffset()
	n := 0
	for n < len(r.lines.at) && r.lines.at[n] < at {
		n++
	}
	r.line += n
	r.lines.at = append(r.lines.at[:0], r.lines.at[n:]...)
	return r.line + 1
}

func readCTRF(b *bufio.Reader, c *collector) error {
	l := &newlines{r: b}
	grant := &budget{r: l, left: maxElement}
	d := json.NewDecoder(grant)
	d.UseNumber()
	r := &ctrfReader{collector: c, d: d, b: grant, lines: l, suites: map[string]int{}, words: map[string]int{}}
	found := false
	err := r.object(func(name string) error {
		if name != "results" {
			return r.skip()
		}
		found = true
		if err := r.delim('{'); errors.Is(err, errShape) {
			return fmt.Errorf("%w: it is JSON whose results are no object", ErrNoReport)
		} else if err != nil {
			return err
		}
		return r.fields(r.results)
	})
	if err != nil {
		return r.wrong(err)
	}
	if !found {
		return fmt.Errorf("%w: it is JSON without results", ErrNoReport)
	}
	r.compare()
	return nil
}

// wrong puts the line to what the decoder found.
func (r *ctrfReader) wrong(err error) error {
	if errors.Is(err, servicecoin.ErrInvalid) || errors.Is(err, ErrNoReport) {
		return err
	}
	text := "is no JSON: " + err.Error()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		text = "ends in the middle"
	}
	_, syntax := errors.AsType[*json.SyntaxError](err)
	_, kind := errors.AsType[*json.UnmarshalTypeError](err)
	if !syntax && !kind && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, errShape) {
		return err
	}
	return wrong(r.here(), "bad-json", text)
}

var errShape = errors.New("another kind of value is there than CTRF has")

// object reads an object, field by field.
func (r *ctrfReader) object(field func(name string) error) error {
	if err := r.delim('{'); err != nil {
		return err
	}
	return r.fields(field)
}

// fields reads the rest of an object.
func (r *ctrfReader) fields(field func(name string) error) error {
	for r.d.More() {
		r.b.left = maxElement
		t, err := r.d.Token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		if !ok {
			return errShape
		}
		if err := field(name); err != nil {
			return err
		}
	}
	return r.delim('}')
}

func (r *ctrfReader) delim(want json.Delim) error {
	t, err := r.d.Token()
	if err != nil {
		return err
	}
	if t != want {
		return errShape
	}
	return nil
}

// skip leaves a value out, however long it is.
func (r *ctrfReader) skip() error {
	for depth := 0; ; {
		r.b.left = maxElement
		t, err := r.d.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

func (r *ctrfReader) results(name string) error {
	switch name {
	case "tool":
		var tool struct{ Name, Version any }
		if err := r.d.Decode(&tool); err != nil {
			return err
		}
		r.Producer = r.name(r.line, strings.TrimSpace(textOf(tool.Name)+" "+textOf(tool.Version)))
	case "summary":
		return r.d.Decode(&r.summary)
	case "environment":
		var all map[string]any
		if err := r.d.Decode(&all); err != nil {
			return err
		}
		r.Properties = append(r.Properties, r.flat(all)...)
	case "tests":
		if err := r.delim('['); err != nil {
			return err
		}
		for r.d.More() {
			r.b.left = maxElement
			if err := r.test(); err != nil {
				return err
			}
		}
		return r.delim(']')
	default:
		return r.skip()
	}
	return nil
}

// flat makes properties of an object; what lies deeper is left out.
func (r *ctrfReader) flat(all map[string]any) []Property {
	var list []Property
	for _, name := range slices.Sorted(maps.Keys(all)) {
		add := func(value any) {
			switch x := value.(type) {
			case string:
				list = r.property(r.line+1, list, name, x)
			case json.Number:
				list = r.property(r.line+1, list, name, x.String())
			case bool:
				list = r.property(r.line+1, list, name, strconv.FormatBool(x))
			}
		}
		switch x := all[name].(type) {
		case []any:
			for _, one := range x {
				add(one)
			}
		default:
			add(x)
		}
	}
	return list
}

// ctrfTest is a test of CTRF, as far as it is of use.
type ctrfTest struct {
	Name     string
	Status   any
	Duration any
	Start    any
	Suite    any
	Message  any
	Trace    any
	Tags     any
	Labels   any
	Extra    any
	Type     any
	FilePath any
	Browser  any
	Device   any
	Retries  any
	Flaky    any
}

// textOf is a value that should be a text, as one; "" if it is none.
func textOf(value any) string {
	switch x := value.(type) {
	case string:
		return x
	case json.Number:
		return x.String()
	case bool:
		return strconv.FormatBool(x)
	}
	return ""
}

func (r *ctrfReader) test() error {
	var t ctrfTest
	if err := r.d.Decode(&t); err != nil {
		return err
	}
	line := r.here()
	x := Case{Suite: -1, Name: r.name(line, t.Name), File: r.intern(r.name(line, textOf(t.FilePath))), Line: line}
	var path []string
	switch s := t.Suite.(type) {
	case string:
		path = []string{s}
	case []any:
		for _, one := range s {
			if name, ok := one.(string); ok {
				path = append(path, name)
			}
		}
	}
	var key strings.Builder
	for _, name := range path {
		key.WriteString("\x00" + name)
		place, ok := r.suites[key.String()]
		if !ok {
			var err error
			if place, err = r.suite(line, Suite{Name: r.name(line, name), Parent: x.Suite}); err != nil {
				return err
			}
			r.suites[key.String()] = place
		}
		x.Suite = place
	}
	r.describe(&x, &t)
	r.outcome(&x, &t)
	return r.add(&x)
}

// describe reads what a test has beside its outcome.
func (r *ctrfReader) describe(x *Case, t *ctrfTest) {
	switch tags := t.Tags.(type) {
	case []any:
		for _, one := range tags {
			if tag, ok := one.(string); ok {
				x.Properties = r.property(x.Line, x.Properties, "tag", tag)
			}
		}
	case map[string]any:
		x.Properties = append(x.Properties, r.flat(tags)...)
	}
	if labels, ok := t.Labels.(map[string]any); ok {
		x.Properties = append(x.Properties, r.flat(labels)...)
	}
	if extra, ok := t.Extra.(map[string]any); ok {
		x.Properties = append(x.Properties, r.flat(extra)...)
	}
	for _, p := range []Property{{"type", textOf(t.Type)}, {"browser", textOf(t.Browser)}, {"device", textOf(t.Device)}} {
		if p.Value != "" {
			x.Properties = r.property(x.Line, x.Properties, p.Name, p.Value)
		}
	}
	if len(x.Properties) > MaxProperties {
		x.Properties = x.Properties[:MaxProperties]
	}
	x.Started = r.instant(x.Line, textOf(t.Start))
	if text := textOf(t.Duration); text != "" {
		if x.Took, x.Timed = took(text, time.Millisecond); !x.Timed {
			x.Claimed = cut(text, 40)
			r.complain(x.Line, CodeDuration, fmt.Sprintf("a test took %s ms, which is not believed", x.Claimed))
		}
	}
}

func (r *ctrfReader) outcome(x *Case, t *ctrfTest) {
	status := strings.ToLower(textOf(t.Status))
	r.words[status]++
	retries, _ := number(textOf(t.Retries))
	const most = 1e6
	if retries >= 1 && retries < most {
		x.Attempts = int(retries) + 1
	}
	switch status {
	case "passed":
		if x.Outcome = Passed; textOf(t.Flaky) == "true" || x.Attempts > 0 {
			x.Outcome = Flaky
		}
	case "failed":
		x.Outcome, x.Kind = Failed, KindFailure
	case "skipped":
		x.Outcome = Skipped
	case "pending":
		x.Outcome, x.Kind = Skipped, "pending"
	case "other":
		x.Outcome, x.Kind = Other, "other"
	default:
		x.Outcome, x.Kind = Other, r.name(x.Line, status)
		r.complain(x.Line, CodeStatus, fmt.Sprintf("the status %q is not known: it does not count as passed", cut(status, 40)))
	}
	if x.Outcome != Passed {
		x.Message = message(firstOf(textOf(t.Message), textOf(t.Trace)))
	}
}

// instant reads milliseconds; where they are seconds it says so once.
func (r *ctrfReader) instant(line int, text string) time.Time {
	f, ok := number(text)
	if !ok {
		if at, ok := when(text); ok { // some write a date
			return at
		}
	}
	if !ok || f == 0 {
		return time.Time{}
	}
	at, seconds := epoch(f)
	switch {
	case at.IsZero():
		r.complain(line, CodeTime, fmt.Sprintf("the time %s is none of this century", cut(text, 40)))
	case seconds && !r.seconds:
		r.seconds = true
		r.complain(line, CodeTime, "times are in seconds, where the format has milliseconds")
	}
	return at
}

// compare compares the summary with the tests.
func (r *ctrfReader) compare() {
	r.Started = r.instant(r.here(), textOf(r.summary.Start))
	for _, x := range []struct {
		name     string
		declared any
		n        int
	}{
		{"tests", r.summary.Tests, len(r.Cases)},
		{"passed", r.summary.Passed, r.words["passed"]},
		{"failed", r.summary.Failed, r.words["failed"]},
		{"pending", r.summary.Pending, r.words["pending"]},
		{"skipped", r.summary.Skipped, r.words["skipped"]},
		{"other", r.summary.Other, r.words["other"]},
	} {
		declared := textOf(x.declared)
		if declared == "" || declared == strconv.Itoa(x.n) {
			continue
		}
		text := fmt.Sprintf("the report declares %s %s, and contains %d", x.name, cut(declared, 20), x.n)
		r.complain(r.here(), CodeCount, text)
		if n, ok := number(declared); ok && n > float64(x.n) && (x.name == "tests" || x.name == "failed") && r.Incomplete == "" {
			r.Incomplete = text
		}
	}
}

package junit

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// beginsTAP reports whether a line is one that TAP begins with. A point without a number
// is one only where a plan follows: many other things begin with "ok".
func beginsTAP(line, rest []byte) bool {
	text := string(line)
	if strings.HasPrefix(text, "TAP version ") || strings.HasPrefix(text, "Bail out!") {
		return true
	}
	if what, _, ok := point(text); ok {
		return what != "" && what[0] >= '0' && what[0] <= '9' || bytes.Contains(rest, []byte("\n1.."))
	}
	_, _, ok := plan(text)
	return ok
}

// point reads "ok 3 - what", and returns what comes after ok.
func point(text string) (rest string, passed, ok bool) {
	passed = true
	if after, not := strings.CutPrefix(text, "not "); not {
		text, passed = strings.TrimLeft(after, " "), false
	}
	after, is := strings.CutPrefix(text, "ok")
	if !is || after != "" && after[0] != ' ' && after[0] != '\t' {
		return "", false, false
	}
	return strings.TrimSpace(after), passed, true
}

// plan reads "1..4 # SKIP why".
func plan(text string) (last int, why string, ok bool) {
	rest, is := strings.CutPrefix(text, "1..")
	if !is {
		return 0, "", false
	}
	digits, why, _ := strings.Cut(rest, "#")
	const most = 9
	digits = strings.TrimSpace(digits)
	last, err := strconv.Atoi(digits)
	if err != nil || last < 0 || len(digits) > most {
		return 0, "", false
	}
	return last, strings.TrimSpace(why), true
}

// level is a stream of TAP: the whole, or a subtest in it.
type level struct {
	suite   int
	plan    int // -1: none yet
	planAt  int
	points  int
	last    int // the number of the last point
	seen    map[int]bool
	failed  bool
	skipped bool
	begun   int
	comment string
	braces  bool // it ends with a brace
}

// tapReader reads TAP.
type tapReader struct {
	*collector

	levels  []level
	line    int
	pending string // the name of a subtest that begins
	at      int    // how deep that was told
	told    bool
	now     *Case // the last point, until what belongs to it is read
	depth   int   // of the last point
	yaml    bool
	indent  int // of the block
	field   string
	bail    bool
	version int
}

func readTAP(b *bufio.Reader, c *collector) error {
	r := &tapReader{collector: c, levels: []level{newLevel(-1, 1)}}
	for line, err := range lines(b) {
		r.line++
		if err != nil {
			return err
		}
		if err := r.take(string(bytes.TrimRight(line, " \t\r\n"))); err != nil {
			return err
		}
	}
	if r.yaml {
		r.incomplete(r.line, "ends within what a point says of itself")
	}
	return r.close(0, true)
}

func newLevel(suite, line int) level {
	return level{suite: suite, plan: -1, begun: line, seen: map[int]bool{}}
}

func (r *tapReader) take(line string) error {
	text := strings.TrimLeft(line, " \t")
	indent := 0
	for _, c := range line[:len(line)-len(text)] {
		if indent++; c == '\t' {
			indent += 3
		}
	}
	if r.yaml && (text == "" || indent >= r.indent) {
		r.block(text, indent)
		return nil
	}
	if r.yaml {
		r.yaml = false
		r.complain(r.line, CodeNoise, "what a point says of itself has no end")
	}
	const step = 4
	depth := indent / step
	if depth > len(r.levels) {
		return nil // deeper than a subtest can be: what somebody wrote
	}
	switch {
	case text == "":
		return nil
	case text == "---" && r.now != nil && indent >= step*r.depth+1:
		r.yaml, r.indent, r.field = true, indent, ""
		return nil
	case text == "}" && depth+1 < len(r.levels) && r.levels[len(r.levels)-1].braces:
		return r.close(depth+1, true)
	case strings.HasPrefix(text, "#"):
		return r.comment(strings.TrimSpace(strings.TrimLeft(text, "#")), depth)
	case indent == 0 && strings.HasPrefix(text, "TAP version "):
		return r.again(text)
	case strings.HasPrefix(text, "Bail out!"):
		why := strings.TrimSpace(strings.TrimPrefix(text, "Bail out!"))
		r.bail = true
		r.incomplete(r.line, "the run was given up: "+cmp.Or(cut(why, 200), "no reason is told"))
		if err := r.flush(); err != nil {
			return err
		}
		x := Case{Suite: -1, Outcome: Failed, Kind: KindBailOut, Whole: true, Line: r.line, Message: message(why)}
		return r.add(&x)
	}
	if last, why, ok := plan(text); ok {
		l, err := r.level(depth)
		if err != nil {
			return err
		}
		if l.plan >= 0 {
			r.complain(r.line, CodeCount, "a second plan: the larger one counts")
		}
		l.plan, l.planAt = max(l.plan, last), r.line
		l.skipped = last == 0 && why != ""
		return nil
	}
	if rest, passed, ok := point(text); ok {
		return r.point(rest, passed, depth)
	}
	return nil // what is no TAP is what somebody wrote in between
}

// again begins another stream in the same file.
func (r *tapReader) again(text string) error {
	if err := r.flush(); err != nil {
		return err
	}
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(text, "TAP version ")))
	if err != nil || n < 12 || n > 14 {
		r.complain(r.line, CodeNoise, fmt.Sprintf("%q is not known: it is read as TAP 14", cut(text, 40)))
	}
	if r.version == 0 && r.levels[0].points == 0 && r.levels[0].plan < 0 {
		r.version = max(n, 1)
		return nil
	}
	if err := r.close(0, true); err != nil {
		return err
	}
	r.levels = append(r.levels[:0], newLevel(-1, r.line))
	return nil
}

// comment heeds what names a subtest, and keeps what may name a group of points.
func (r *tapReader) comment(text string, depth int) error {
	if name, ok := strings.CutPrefix(text, "Subtest:"); ok {
		if r.told && r.at == depth-1 && depth == len(r.levels) { // one that lies in the one before
			if _, err := r.level(depth); err != nil {
				return err
			}
		}
		r.pending, r.at, r.told = strings.TrimSpace(name), depth, true
		return nil
	}
	first, _, _ := strings.Cut(text, " ")
	switch first {
	case "", "tests", "pass", "fail", "skip", "skipped", "todo", "cancelled", "suites", "duration_ms", "time=", "ok", "TAP", "Failed", "Looks":
		return nil
	}
	if depth < len(r.levels) {
		r.levels[depth].comment = text
	}
	return nil
}

// level returns the stream of a depth: it begins one, or ends those that lie in it.
func (r *tapReader) level(depth int) (*level, error) {
	if depth+1 < len(r.levels) {
		if err := r.close(depth+1, false); err != nil {
			return nil, err
		}
	}
	for len(r.levels) <= depth {
		if err := r.flush(); err != nil {
			return nil, err
		}
		name := ""
		n := len(r.levels)
		if r.told && (r.at == n-1 || r.at == n) {
			name = r.pending
		}
		r.told = false
		parent := r.levels[n-1].suite
		place, err := r.suite(r.line, Suite{Name: r.name(r.line, name), Parent: parent})
		if err != nil {
			return nil, err
		}
		r.levels = append(r.levels, newLevel(place, r.line))
	}
	return &r.levels[depth], nil
}

// close ends the streams from a depth on.
func (r *tapReader) close(depth int, braces bool) error {
	if err := r.flush(); err != nil {
		return err
	}
	for n := len(r.levels) - 1; n >= depth; n-- {
		l := &r.levels[n]
		name := "the stream"
		if n > 0 {
			name = fmt.Sprintf("the subtest %q", cut(r.path(l.suite), 100))
		}
		switch {
		case l.plan < 0 && (l.points > 0 || n == 0):
			r.incomplete(r.line, name+" has no plan")
		case l.plan > l.points && !r.bail:
			r.incomplete(r.line, fmt.Sprintf("%s has %d of %d points", name, l.points, l.plan))
		case l.plan >= 0 && l.plan < l.points:
			r.complain(r.line, CodeCount, fmt.Sprintf("%s has %d points, and a plan of %d", name, l.points, l.plan))
		}
		if n > 0 {
			r.levels = r.levels[:n]
		}
	}
	_ = braces
	return nil
}

// point is a test point.
func (r *tapReader) point(rest string, passed bool, depth int) error {
	if err := r.flush(); err != nil {
		return err
	}
	inner := depth+1 < len(r.levels) // it sums a subtest up, which has come before
	failedInside := inner && r.levels[depth+1].failed
	l, err := r.level(depth)
	if err != nil {
		return err
	}
	r.told = r.told && r.at != depth
	x := Case{Suite: l.suite, Line: r.line}
	digits, desc, _ := strings.Cut(rest, " ")
	number, err := strconv.Atoi(digits)
	const most = 9
	if err != nil || len(digits) > most || digits[0] < '0' || digits[0] > '9' {
		number, desc = l.last+1, rest
	}
	switch {
	case l.seen[number]:
		r.complain(r.line, CodeNumber, fmt.Sprintf("the point %d is there twice", number))
	case number != l.last+1:
		r.complain(r.line, CodeNumber, fmt.Sprintf("the point %d follows %d", number, l.last))
	}
	l.seen[number], l.last = true, number
	l.points++
	desc = strings.TrimSpace(desc)
	opens := false
	if before, ok := strings.CutSuffix(desc, "{"); ok && (before == "" || strings.HasSuffix(before, " ")) && r.version != 12 {
		desc, opens = strings.TrimSpace(before), true
	}
	desc, word, why := directive(desc)
	desc = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(desc), "-"), " "))
	desc = strings.NewReplacer(`\#`, "#", `\\`, `\`).Replace(desc)
	if before, d, ok := inTime(desc); ok {
		desc, x.Took, x.Timed = before, d, true
	}
	x.Name = r.name(r.line, desc)
	if l.comment != "" {
		x.Properties = r.property(r.line, nil, "comment", l.comment)
	}
	switch {
	case word == "skip":
		x.Outcome, x.Message = Skipped, message(why)
	case word == "todo":
		x.Outcome, x.Message = Todo, message(why)
	case passed:
		x.Outcome = Passed
	default:
		x.Outcome, x.Kind = Failed, KindFailure
		l.failed = true
	}
	if word == "time" {
		if d, ok := timeOf(why); ok {
			x.Took, x.Timed = d, true
		}
	}
	if inner && x.Outcome == Passed && failedInside {
		r.complain(r.line, CodeStatus, fmt.Sprintf("%q passed, and a point in it failed", cut(desc, 100)))
	}
	r.now, r.depth = &x, depth
	if opens {
		r.pending, r.at, r.told = desc, depth, true
		if _, err := r.level(depth + 1); err != nil {
			return err
		}
		r.levels[depth+1].braces = true
	}
	return nil
}

// directive cuts off "# SKIP why", "# TODO why" or "# time=3ms". A # that is escaped, or
// that no blank comes before, is of the description.
func directive(desc string) (text, word, why string) {
	for n := 0; n < len(desc); n++ {
		if desc[n] == '\\' {
			n++
			continue
		}
		if desc[n] != '#' || n > 0 && desc[n-1] != ' ' && desc[n-1] != '\t' {
			continue
		}
		rest := strings.TrimSpace(desc[n+1:])
		low := strings.ToLower(rest)
		for _, word := range []string{"skip", "todo", "time="} {
			if !strings.HasPrefix(low, word) {
				continue
			}
			_, why, _ := strings.Cut(rest, " ")
			if word == "time=" {
				why = rest[len(word):]
				// Another directive may follow.
				if before, inner, reason := directive(why); inner != "" {
					_ = before
					return desc[:n], inner, reason
				}
			}
			return desc[:n], strings.TrimSuffix(word, "="), strings.TrimSpace(why)
		}
	}
	return desc, "", ""
}

func timeOf(text string) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	if digits, ok := strings.CutSuffix(text, "ms"); ok {
		return took(digits, time.Millisecond)
	}
	return took(text, time.Second)
}

// inTime cuts off " in 35ms", as bats writes it.
func inTime(desc string) (string, time.Duration, bool) {
	n := strings.LastIndex(desc, " in ")
	if n < 0 || !strings.HasSuffix(desc, "ms") && !strings.HasSuffix(desc, "sec") {
		return desc, 0, false
	}
	unit := time.Millisecond
	digits, ok := strings.CutSuffix(desc[n+len(" in "):], "ms")
	if !ok {
		digits, unit = strings.TrimSuffix(desc[n+len(" in "):], "sec"), time.Second
	}
	d, ok := took(digits, unit)
	return desc[:n], d, ok
}

// block reads what a point says of itself, as far as it is of use.
func (r *tapReader) block(text string, indent int) {
	if text == "..." && indent <= r.indent {
		r.yaml = false
		return
	}
	x := r.now
	name, value, ok := strings.Cut(text, ":")
	value = strings.Trim(strings.TrimSpace(value), `'"`)
	switch {
	case indent > r.indent+2 && r.field != "":
		if len(x.Message) < MaxMessage && x.Outcome != Passed {
			x.Message = strings.TrimSpace(x.Message + "\n" + text)
		}
		return
	case !ok:
		r.field = ""
		return
	}
	r.field = ""
	switch name {
	case "duration_ms":
		if d, ok := took(value, time.Millisecond); ok {
			x.Took, x.Timed = d, true
		} else if value != "" {
			x.Claimed = cut(value, 40)
			r.complain(r.line, CodeDuration, fmt.Sprintf("a test took %q ms, which is not believed", cut(value, 40)))
		}
	case "message", "error", "reason":
		if x.Outcome == Passed || x.Message != "" {
			return
		}
		if strings.HasPrefix(value, "|") || strings.HasPrefix(value, ">") {
			r.field, value = name, ""
		}
		x.Message = value
	case "file":
		x.File = r.name(r.line, value)
	}
}

// flush adds the point that was being read.
func (r *tapReader) flush() error {
	if r.now == nil {
		return nil
	}
	x := r.now
	r.now = nil
	x.Message = message(x.Message)
	return r.add(x)
}

package advisory

import (
	"errors"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/version"
)

// event is what happens to a flaw at a version.
type event struct {
	kind string // introduced, fixed, last_affected or limit
	at   string // "0": before all versions, "*" of a limit: after all
}

const (
	introduced = "introduced"
	fixed      = "fixed"
	last       = "last_affected"
	limit      = "limit"
)

const maxEvents = 20_000

// spans reads the events of a range, and sorts them into spans. Where their versions have
// no order that is known, they count as they stand; odd says what is odd.
func (r *osvReader) spans(p *patch.Product, nodes []node) (spans []patch.Span, odd string) {
	if len(nodes) > maxEvents {
		r.wrong(nodes[0], "too-many", "", fmt.Sprintf("a range has more than %d events", maxEvents))
		return nil, ""
	}
	var events []event
	for _, n := range nodes {
		known := false
		for _, kind := range []string{introduced, fixed, last, limit} {
			x := n.get(kind)
			if x.none() {
				continue
			}
			known = true
			if at := r.str(x, kind); at != "" {
				events = append(events, event{kind, at})
			}
		}
		if !known {
			odd = "an event is neither introduced nor fixed, last_affected or limit"
		}
	}
	scheme := p.Scheme
	if scheme == "" && p.PURL != "" {
		if u, err := patch.ParsePURL(p.PURL); err == nil {
			scheme = u.Scheme()
		}
	}
	order := orderOf(scheme)
	if err := sorted(events, order); err != nil {
		odd, order = "its versions have no order that is known: the events count as they stand", nil
	}
	return spansOf(events, order), odd
}

// compare compares two versions; nil: nobody knows how.
type compare func(a, b string) (int, error)

// orderOf is the order of a scheme, with "0" before all and "*" after all.
func orderOf(scheme version.Scheme) compare {
	return func(a, b string) (int, error) {
		switch {
		case a == b:
			return 0, nil
		case a == "0", b == "*":
			return -1, nil
		case b == "0", a == "*":
			return 1, nil
		case scheme == "":
			return 0, errors.New("no order is known")
		}
		return scheme.Compare(a, b)
	}
}

// sorted sorts events by version; of one version, those that open a span stand before those
// that close it, but for one that closes what is open already: see [spansOf].
func sorted(events []event, order compare) error {
	var failed error
	rank := func(e event) int { return slices.Index([]string{introduced, last, fixed, limit}, e.kind) }
	in := slices.Clone(events)
	slices.SortStableFunc(in, func(x, y event) int {
		c, err := order(x.at, y.at)
		if err != nil {
			failed = err
		}
		if c == 0 {
			c = rank(x) - rank(y)
		}
		return c
	})
	if failed == nil {
		copy(events, in)
	}
	return failed
}

// spansOf makes spans of events in their order. What is introduced in the version that
// mends it goes on; what is mended without having been introduced means nothing.
func spansOf(events []event, order compare) []patch.Span {
	var out []patch.Span
	var open *patch.Span
	from := "" // where the open one begins, as written
	top := ""  // the highest limit: versions from there on are not spoken of
	for n, e := range events {
		switch e.kind {
		case limit:
			if c, err := highest(top, e.at, order); err == nil {
				top = c
			}
		case introduced:
			if open != nil {
				continue
			}
			open, from = &patch.Span{Introduced: e.at}, e.at
			if e.at == "0" {
				open.Introduced = ""
			}
		case fixed, last:
			if open == nil {
				continue
			}
			again := e.kind == fixed && n > 0 && slices.ContainsFunc(events[:n], func(x event) bool { return x.kind == introduced && x.at == e.at })
			if again && from != e.at {
				continue // introduced where it is mended: it goes on
			}
			if e.kind == fixed {
				open.Fixed = e.at
			} else {
				open.Last = e.at
			}
			if open.Fixed == "" || open.Fixed != from {
				out = append(out, *open)
			}
			open = nil
		}
	}
	if open != nil {
		out = append(out, *open)
	}
	return below(out, top, order)
}

func highest(a, b string, order compare) (string, error) {
	if a == "" || order == nil {
		return b, nil
	}
	c, err := order(a, b)
	if c > 0 {
		return a, err
	}
	return b, err
}

// below cuts spans to what lies before a limit; "" and "*" are none.
func below(spans []patch.Span, top string, order compare) []patch.Span {
	if top == "" || top == "*" || order == nil {
		return spans
	}
	var out []patch.Span
	for _, s := range spans {
		if s.Introduced != "" {
			if c, err := order(s.Introduced, top); err == nil && c >= 0 {
				continue
			}
		}
		end := s.Fixed
		if end == "" {
			end = s.Last
		}
		if end == "" {
			s.Fixed = top
		} else if c, err := order(end, top); err == nil && c >= 0 {
			s.Fixed, s.Last = top, ""
		}
		out = append(out, s)
	}
	return out
}

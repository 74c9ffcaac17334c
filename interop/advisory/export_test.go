package advisory

import "github.com/servicecoin/servicecoin/version"

// Events are what a range says, by kind and version, for tests of spans.
type Events [][2]string

// Spans sorts events into spans as the reader does, with versions in an order.
func Spans(in Events, scheme version.Scheme) (out [][3]string, sortable bool) {
	var events []event
	for _, e := range in {
		events = append(events, event{e[0], e[1]})
	}
	order := orderOf(scheme)
	sortable = sorted(events, order) == nil
	if !sortable {
		order = nil
	}
	for _, s := range spansOf(events, order) {
		out = append(out, [3]string{s.Introduced, s.Fixed, s.Last})
	}
	return out, sortable
}

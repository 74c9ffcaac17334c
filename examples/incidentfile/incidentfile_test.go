package incidentfile_test

import (
	"strings"
	"testing"

	"github.com/servicecoin/servicecoin/examples/incidentfile"
)

func FuzzRead(f *testing.F) {
	f.Add("id,begin,end,status_impact,service,locations\na,2023-01-01T00:00:00Z,2023-04-01T00:00:00Z,SERVICE_OUTAGE,Mail,eu\n")
	f.Add("\ufeffid,begin\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := incidentfile.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		all := list.Coverage()
		for _, i := range list {
			if i.Span.Start.Before(all.Start) || i.Span.End.After(all.End) || i.Span.End.Before(i.Span.Start) {
				t.Errorf("line %d: %v is outside of %v, or reversed", i.Line, i.Span, all)
			}
		}
	})
}

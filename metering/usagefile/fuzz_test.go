package usagefile_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/usagefile"
)

// ctx is the context of a test, or none.
func ctx(t require.TestingT) context.Context {
	if t, ok := t.(interface{ Context() context.Context }); ok {
		return t.Context()
	}
	return context.Background()
}

// Whatever a file has, each line is recorded or complained of, what is recorded is valid,
// and read again it is a repeat.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"id,source,type,time,value\n1,hv,vm.ran,2026-01-08T12:00:00Z,1.5\n2,hv,vm.ran,x,\"1,5\"\n",
		"\ufeffid;source;type;time;fields.a\n\"1\";hv;vm.ran;2026-01-08T12:00:00Z;\n",
		`{"id":"1","source":"hv","type":"vm.ran","time":"2026-01-08T12:00:00Z","fields":{"a":1},"dimensions":{"b":"c"}}` + "\n{\"id\":\"2\",\"id\":1}\nnull\n[",
		`{"id":"1","does":"void","of":{"source":"a","id":"b"},"source":"x"}`, "\xff\xfe", "id\ttime\tsource\ttype\n\"\"\"\"\t\"", "{\"\\u0000\":{}}", "\r\n\n{",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := metering.NewMemoryStore()
		var batches []int
		record := func(events []metering.Event) (metering.Receipt, error) {
			for _, e := range events {
				if e.Customer == "" {
					e.Customer = "acme"
				}
				e.RecordedAt = noon
				require.NoError(t, e.Validate())
			}
			return keep(t, s, &batches)(events)
		}
		report, err := usagefile.Read(strings.NewReader(text), &usagefile.Options{Batch: 3}, record)
		require.Equal(t, report.Lines, report.Added+report.Repeats+report.Conflicts+report.Refused)
		require.Len(t, report.Complaints, min(usagefile.MaxComplaints, report.Conflicts+report.Refused))
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		last := 0
		for _, c := range report.Complaints {
			require.Greater(t, c.Line, last)
			last = c.Line
		}
		again, err := usagefile.Read(strings.NewReader(text), nil, record)
		require.NoError(t, err)
		require.Zero(t, again.Added)
		require.Equal(t, report.Added+report.Repeats, again.Repeats)
	})
}

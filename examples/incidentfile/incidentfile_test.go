package incidentfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
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

func TestRead(t *testing.T) {
	t.Parallel()
	row := "\"a\",\"2023-01-01T00:00:00Z\",\"2023-04-01T00:00:00Z\",\"SERVICE_OUTAGE\",\"Mail\",\"eu; us\"\r\n"
	head := "\"id\",\"begin\",\"end\",\"status_impact\",\"service\",\"locations\"\r\n"
	for _, mark := range []string{"", "\ufeff"} {
		list, err := incidentfile.Read(strings.NewReader(mark + head + row))
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, []string{"eu", "us"}, list[0].Locations)
	}
	for text, want := range map[string]string{
		head + "a\"b" + row[3:]: "line 2, column 2",
		head + row + row:        "line 3, id",
		head + strings.Replace(row, "2023-01-01", "0001-01-01", 1):               "line 2, begin",
		head + strings.Replace(row, "eu; us", strings.Repeat("eu;", 100_000), 1): "line 2, locations: has 100001",
		"\xff\xfe" + head: "UTF-16",
	} {
		list, err := incidentfile.Read(strings.NewReader(text))
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
		require.ErrorContains(t, err, want)
		require.Empty(t, list)
	}
}

package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

func TestJumps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, from, to string
		want           []string
	}{
		{"UTC", "1970-01-01T00:00:00Z", "2040-01-01T00:00:00Z", nil},
		{"Europe/Berlin", "2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z", []string{
			"2023-03-26T01:00:00Z 2023-03-26T02:00 2023-03-26T03:00 1h0m0s", "2023-10-29T01:00:00Z 2023-10-29T03:00 2023-10-29T02:00 -1h0m0s",
		}},
		{"Europe/Berlin", "2023-03-26T01:00:00Z", "2023-03-26T01:00:01Z", []string{"2023-03-26T01:00:00Z 2023-03-26T02:00 2023-03-26T03:00 1h0m0s"}},
		{"Europe/Berlin", "2023-03-26T01:00:00.5Z", "2023-03-27T01:00:00Z", nil},
		{"Europe/Berlin", "2023-03-25T01:00:00Z", "2023-03-26T01:00:00Z", nil},
		{"Europe/Berlin", "2023-03-25T01:00:00Z", "2023-03-26T01:00:00.000000001Z", []string{"2023-03-26T01:00:00Z 2023-03-26T02:00 2023-03-26T03:00 1h0m0s"}},
		{"Pacific/Apia", "2011-10-01T00:00:00Z", "2012-01-01T00:00:00Z", []string{"2011-12-30T10:00:00Z 2011-12-30T00:00 2011-12-31T00:00 24h0m0s"}},
		{"Australia/Lord_Howe", "2052-01-01T00:00:00Z", "2053-01-01T00:00:00Z", []string{
			"2052-04-06T15:00:00Z 2052-04-07T02:00 2052-04-07T01:30 -30m0s", "2052-10-05T15:30:00Z 2052-10-06T02:00 2052-10-06T02:30 30m0s",
		}},
		{"Europe/Berlin", "2023-03-26T02:00:00Z", "2023-03-26T01:00:00Z", nil},
	} {
		var got []string
		for _, j := range caltest.Jumps(caltest.Between(t, c.from, c.to), caltest.Location(t, c.zone)) {
			got = append(got, j.At.Format(time.RFC3339)+" "+j.From().String()+" "+j.To().String()+" "+j.By().String())
		}
		assert.Equal(t, c.want, got, "%s from %s to %s", c.zone, c.from, c.to)
	}
	for range calendar.Jumps(caltest.Between(t, "2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z"), caltest.Location(t, "Europe/Berlin")) {
		break // the sequence must stop
	}
}

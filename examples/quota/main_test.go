package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuota(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	require.Equal(t, `r1, 40 pages: added
r1, 40 pages: repeat
r1, 41 pages: conflict
r2, 55 pages: added
r3, 6 pages: refused: quota.use pages: 6 of pages would make 101, over the 100 of a month that quota pages allows
r4, 5 pages: added
r3 in April, 6 pages: added
March: 100 pages of 3 events
April: 6 pages of 1 events
`, out.String())
}

package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNightly(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	require.Equal(t, `acme, 2026-01: mail 99.866 %, credit 10 %
globex, 2026-01: mail 99.866 %, credit 10 %
acme, 2026-02: mail 99.851 %, credit 10 %
globex, 2026-02: mail 99.851 %, credit 10 %
`, out.String())
}

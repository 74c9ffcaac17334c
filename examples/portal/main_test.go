package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Where the address is taken, nothing is filled.
func TestAddressIsTaken(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	other, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close()) })
	path := filepath.Join(t.TempDir(), "portal.db")
	err = run(t.Context(), []string{"-addr", other.Addr().String(), "-db", path}, &output{}, &output{})
	require.ErrorContains(t, err, "address already in use")
	_, err = os.Stat(path)
	require.ErrorIs(t, err, os.ErrNotExist)
}

package usage_test

import (
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store/sqlite/usage"
)

// A disk without space left fails appends and seals with an error that says so, leaves
// nothing half-written, and hinders nobody once there is space again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	t.Run("pages", func(t *testing.T) { // as many pages as a file may have
		t.Parallel()
		db := database(t, filepath.Join(t.TempDir(), "full.db"))
		db.SetMaxOpenConns(1)
		s, err := usage.New(t.Context(), db, nil)
		require.NoError(t, err)
		limit := func(pages int) {
			_, err := db.ExecContext(t.Context(), "PRAGMA max_page_count = "+strconv.Itoa(pages))
			require.NoError(t, err)
		}
		limit(300)
		fill(t, s, func() { limit(1 << 20) })
	})
	t.Run("file system", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
			t.Logf("no small file system, as mounting is not allowed here (%v): the case above stands alone", err)
			return
		}
		// Detached, since a process that another test is just starting may still hold
		// a descriptor of the file.
		t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
		s, err := usage.Open(t.Context(), filepath.Join(dir, "full.db"), nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		fill(t, s, func() { require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m")) })
	})
}

// fill appends until that fails, makes room, and looks at what is there.
func fill(t *testing.T, s *usage.Store, room func()) {
	t.Helper()
	s.Limit(1000, 1_000_000)
	const size = 200
	stored, n := 0, 0
	var err error
	for ; n < 1000; n++ {
		b := batch(strconv.Itoa(n), size)
		for i := range b {
			b[i].Time = b[i].Time.AddDate(0, 0, n/4)
		}
		if _, err = s.Append(t.Context(), b); err != nil {
			break
		}
		stored += size
	}
	require.ErrorContains(t, err, "full")
	require.True(t, !servicecoin.MayHaveHappened(err) && servicecoin.Retryable(err), "%v", err)
	if err := s.Seal(t.Context(), day.AddDate(10, 0, 0)); err != nil { // what it packs may find room
		require.ErrorContains(t, err, "full")
	}
	look := func() {
		require.Len(t, list(t, s, all()), stored)
		m := sums("vm.ran", day, day.AddDate(1, 0, 0))
		measured, err := s.Measure(t.Context(), m)
		require.NoError(t, err)
		require.EqualValues(t, stored, measured.Series(m.Meter, "acme")[0].Points[0].Events)
		verified(t, s, "acme")
	}
	look()
	room()
	require.NoError(t, s.Seal(t.Context(), day.AddDate(10, 0, 0)))
	_, err = s.Append(t.Context(), batch("after", size))
	require.NoError(t, err)
	stored += size
	look()
	t.Logf("%d batches before the disk was full", n)
}

package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const text = `---
title: Restore the database
last_reviewed_on: 2026-01-05
review_in: 1 month
---
# Restore the database

1. Stop the writers

   ` + "```bash" + `
   systemctl stop writers
   systemctl stop more
   ` + "```" + `

2. Restore the snapshot
`

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "book.md")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestRunbookFile(t *testing.T) {
	t.Parallel()
	path := file(t, text)
	var out bytes.Buffer
	require.NoError(t, run([]string{"-file", path, "-today", "2026-03-02"}, &out, io.Discard))
	require.Equal(t, `It should have been read again by 2026-02-05.

Restore the database (diagnose)
  1. Stop the writers
  2. Restore the snapshot
`, out.String())
	out.Reset()
	require.NoError(t, run([]string{"-file", path, "-format", "csv"}, &out, io.Discard))
	require.Equal(t, "line,section,number,depth,text,commands\n"+
		"8,Restore the database,1.,1,Stop the writers,\"systemctl stop writers\nsystemctl stop more\n\"\n"+
		"15,Restore the database,2.,1,Restore the snapshot,\n", out.String())
	for _, args := range [][]string{{}, {"-file", path, "more"}, {"-file", path, "-format", "xml"}, {"-file", "nowhere.md"}, {"-today", "soon"}} {
		require.Error(t, run(args, io.Discard, io.Discard), args)
	}
}

package csvfile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/examples/csvfile"
)

func TestCellsAreNoFormulas(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"=1+1", "+49 30", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1", "\ufeff=1", "＝1"} {
		require.Equal(t, "'"+text, csvfile.Cell(text), "%q", text)
	}
	for _, text := range []string{"", "mail", "a=b", "1-2", "'=1", "ärger", "(-1)"} {
		require.Equal(t, text, csvfile.Cell(text))
	}
	require.Equal(t, []string{"a", "'=b"}, csvfile.Cells("a", "=b"))
}

package advisory_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/advisory"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// FIRST's examples of CVSS 4.0.
func TestExamplesOfFIRST(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/vectors/cvss40-examples.txt")
	require.NoError(t, err)
	for line := range strings.Lines(string(data)) {
		want, vector, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || want == "#" {
			continue
		}
		got, s, err := advisory.Score(vector)
		if err != nil {
			t.Errorf("%s: %v", vector, err)
			continue
		}
		if got.String() != strings.TrimSuffix(want, ".0") {
			t.Errorf("%s: %s, not %s (%s)", vector, got, want, s)
		}
	}
}

func TestScore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		vector, score string
		severity      patch.Severity
	}{
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "9.8", patch.Critical},
		{"CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:N/A:L/E:F/RL:O/RC:C", "6.1", patch.Medium}, // the base score
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "10", patch.Critical},
		{"CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", "0", patch.None},
		{"CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", "6.1", patch.Medium},
		{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", "0", patch.None},
		{"CVSS:4.0/VA:H/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/AV:N/SC:H/SI:H/SA:H", "10", patch.Critical}, // in another order
		{"AV:N/AC:L/Au:N/C:C/I:C/A:C", "10", patch.High},                                          // 2.0 has no critical
		{"(AV:N/AC:L/Au:N/C:P/I:P/A:P)", "7.5", patch.High},
		{"AV:L/AC:H/Au:M/C:N/I:N/A:N", "0", patch.Low},
	} {
		score, s, err := advisory.Score(c.vector)
		require.NoError(t, err, c.vector)
		require.Equal(t, c.score, score.String(), c.vector)
		require.Equal(t, c.severity, s, c.vector)
	}
	for _, vector := range []string{
		"", "9.8", "CVSS:3.1", "CVSS:3.1/", "CVSS:3.1/AV:N", "CVSS:5.0/AV:N", "CVSS:4.0/AV:N/AV:N", "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N", "CVSS:3.1/" + strings.Repeat("AV:N/", 200), "AV:N/AC:L/Au:N/C:C/I:C/A:C/" + strings.Repeat("/", 300),
	} {
		_, _, err := advisory.Score(vector)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, vector)
	}
}

func FuzzScore(f *testing.F) {
	f.Add("CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:N/A:L/E:F/RL:O/RC:C")
	f.Add("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/E:A")
	f.Add("AV:N/AC:L/Au:N/C:C/I:C/A:C")
	f.Fuzz(func(t *testing.T, vector string) {
		score, s, err := advisory.Score(vector)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		require.False(t, score.IsNegative(), vector)
		require.LessOrEqual(t, score.IntPart(), int64(10), vector)
		require.NotEqual(t, patch.Unknown, s, vector)
	})
}

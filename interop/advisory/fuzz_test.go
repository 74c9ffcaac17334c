package advisory_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/advisory"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// whole asserts what holds of whatever a reader returns.
func whole(t *testing.T, list []patch.Bulletin, found []advisory.Finding, err error) {
	t.Helper()
	if err != nil {
		invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
		require.True(t, ok, err)
		require.LessOrEqual(t, len(invalid.Violations), servicecoin.MaxViolations)
		return
	}
	require.LessOrEqual(t, len(found), advisory.MaxFindings)
	for _, f := range found {
		require.Positive(t, f.Line)
		require.NotEmpty(t, f.Code)
		require.NotEmpty(t, f.Text)
	}
	seen := map[string]bool{}
	for _, b := range list {
		require.False(t, seen[b.ID], "one bulletin for each id")
		seen[b.ID] = true
		for _, p := range b.Products {
			_, why := b.Match(p.Component)
			require.NotEmpty(t, why)
		}
	}
}

func seeds(f *testing.F, pattern string, more ...string) {
	f.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "corpus", pattern))
	require.NoError(f, err)
	require.NotEmpty(f, names)
	for _, name := range names {
		const most = 20_000 // long ones are slow to change
		if data := corpus(f, filepath.Base(name)); len(data) < most {
			f.Add(data)
		}
	}
	for _, text := range more {
		f.Add([]byte(text))
	}
}

func FuzzReadOSV(f *testing.F) {
	seeds(f, "osv-*", "id: x\naffected:\n- package: {ecosystem: npm, name: y}\n  versions: [1.10]\n", `{"id":"\ud83d\ude00","severity":[{"type":"CVSS_V3","score":""}]}`)
	f.Fuzz(func(t *testing.T, file []byte) {
		o, err := advisory.ReadOSV(file)
		if err != nil {
			whole(t, nil, nil, err)
			return
		}
		require.NoError(t, o.Bulletin.Validate())
		whole(t, o.Bulletins(), o.Findings, nil)
	})
}

func FuzzReadCSAF(f *testing.F) {
	seeds(f, "csaf*", head+`"product_tree":{"full_product_names":[{"name":"x","product_id":"p"}]},"vulnerabilities":[{"product_status":{"last_affected":["p"]}}]}`)
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := advisory.ReadCSAF(file)
		if err != nil {
			whole(t, nil, nil, err)
			return
		}
		for _, b := range c.Flaws {
			require.NoError(t, b.Validate())
		}
		whole(t, c.Bulletins(), c.Findings, nil)
	})
}

func FuzzReadKEV(f *testing.F) {
	seeds(f, "kev*", `{"count":1e9,"vulnerabilities":[{"cveID":"1","dueDate":"2025-01-01","cwes":["x"]}]}`,
		"cveID,vendorProject,dateAdded,dueDate,cwes\n1,\"a\"\"b\",2025-01-01,,\"x, y\"\r\n")
	f.Fuzz(func(t *testing.T, file []byte) {
		k, err := advisory.ReadKEV(file)
		if err != nil {
			whole(t, nil, nil, err)
			return
		}
		require.LessOrEqual(t, len(k.Counted()), len(k.Entries))
		whole(t, nil, k.Findings, nil)
	})
}

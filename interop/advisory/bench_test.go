package advisory_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/interop/advisory"
)

// BenchmarkRead reads a file of each kind, beside what encoding/json takes to make maps of
// it.
func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name, file string
		read       func([]byte) error
	}{
		{"kev", "kev-newer.json", func(f []byte) error { _, err := advisory.ReadKEV(f); return err }},
		{"kev-csv", "kev-2021.csv", func(f []byte) error { _, err := advisory.ReadKEV(f); return err }},
		{"csaf", "csaf-cisco-smi2.json", func(f []byte) error { _, err := advisory.ReadCSAF(f); return err }},
		{"osv", "osv-GO-2024-2687.json", func(f []byte) error { _, err := advisory.ReadOSV(f); return err }},
		{"osv-yaml", "osv-PYSEC-2009-3.yaml", func(f []byte) error { _, err := advisory.ReadOSV(f); return err }},
		{"kev-maps", "kev-newer.json", func(f []byte) error { var x any; return json.Unmarshal(f, &x) }},
		{"csaf-maps", "csaf-cisco-smi2.json", func(f []byte) error { var x any; return json.Unmarshal(f, &x) }},
	} {
		file := corpus(b, c.file)
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, c.read(file))
			}
		})
	}
}

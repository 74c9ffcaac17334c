package documents_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/interop/inventory/documents"
)

// BenchmarkRead reads an object of Kubernetes in JSON and in YAML, and many of the latter.
func BenchmarkRead(b *testing.B) {
	file := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("..", "testdata", "corpus", name))
		require.NoError(b, err)
		return data
	}
	yaml := file("k8s-smd-deploy2-live.yaml")
	for _, c := range []struct {
		name string
		file []byte
	}{
		{"json", file("k8s-elasticsearch-live.json")},
		{"yaml", yaml},
		{"yaml-1000", bytes.Repeat(append([]byte("---\n"), yaml...), 1000)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.file)))
			b.ReportAllocs()
			for b.Loop() {
				_, err := documents.Read(c.file, &documents.Options{Kubernetes: true})
				require.NoError(b, err)
			}
		})
	}
}

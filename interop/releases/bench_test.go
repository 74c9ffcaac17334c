package releases_test

import (
	"testing"

	"github.com/servicecoin/servicecoin/interop/releases"
)

func BenchmarkReadKubernetes(b *testing.B) {
	text := file(b, "kubernetes-schedule.yaml")
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := releases.ReadKubernetes(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadKubernetesPage(b *testing.B) {
	text := file(b, "kubernetes-1.26-after.md")
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := releases.ReadKubernetesPage(text); err != nil {
			b.Fatal(err)
		}
	}
}

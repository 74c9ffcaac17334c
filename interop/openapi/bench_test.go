package openapi_test

import (
	"testing"

	"github.com/servicecoin/servicecoin/interop/openapi"
)

func BenchmarkCompare(b *testing.B) {
	before, after := file(b, "tufin-1"), file(b, "tufin-2")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := openapi.Compare(before, after, today); err != nil {
			b.Fatal(err)
		}
	}
}

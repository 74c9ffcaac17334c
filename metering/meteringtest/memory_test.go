package meteringtest_test

import (
	"testing"

	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/meteringtest"
)

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	memory := meteringtest.Harness{Open: func(testing.TB) metering.EventStore { return metering.NewMemoryStore() }}
	meteringtest.Run(t, memory)
	t.Run("same", func(t *testing.T) {
		t.Parallel()
		meteringtest.RunSame(t, memory)
	})
}

package metering_test

import (
	"testing"

	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/meteringtest"
	"github.com/servicecoin/servicecoin/store/memory"
)

func TestContract(t *testing.T) {
	t.Parallel()
	meteringtest.Run(t, meteringtest.Harness{Open: func(testing.TB) metering.EventStore { return metering.NewMemoryStore() }})
}

func TestStory(t *testing.T) {
	t.Parallel()
	meteringtest.Story(t, memory.New(), metering.NewMemoryStore())
}

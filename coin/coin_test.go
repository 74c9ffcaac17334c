package coin_test

import (
	"testing"

	"github.com/servicecoin/servicecoin/coin/cointest"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/storetest"
)

func harness() storetest.Harness {
	return storetest.Harness{Open: func(testing.TB) store.Backend { return memory.New() }}
}

func usage(testing.TB, store.Backend) metering.EventStore { return metering.NewMemoryStore() }

func TestExchange(t *testing.T) {
	t.Parallel()
	cointest.Run(t, harness())
}

func TestStory(t *testing.T) {
	t.Parallel()
	cointest.Story(t, harness(), usage)
}

func TestStories(t *testing.T) {
	t.Parallel()
	cointest.Stories(t, harness(), usage)
}

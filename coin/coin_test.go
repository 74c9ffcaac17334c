package coin_test

import (
	"testing"

	"github.com/servicecoin/servicecoin/coin/cointest"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/storetest"
)

func TestStory(t *testing.T) {
	t.Parallel()
	cointest.Run(t, storetest.Harness{Open: func(testing.TB) store.Backend { return memory.New() }})
}

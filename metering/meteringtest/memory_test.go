package meteringtest_test

import (
	"context"
	"testing"
	"time"

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

// sealing packs all days that are over at some instant whenever something was added.
type sealing struct {
	*metering.MemoryStore

	n int // appends
}

func (s *sealing) Append(ctx context.Context, events []metering.Event) (metering.Receipt, error) {
	receipt, err := s.MemoryStore.Append(ctx, events)
	if err != nil || len(events) == 0 || ctx.Err() != nil {
		return receipt, err
	}
	s.n++
	return receipt, s.Seal(ctx, time.Date(2026, 3, 29+s.n%5, 12, 0, 0, 0, time.UTC))
}

// What is packed answers as what is not.
func TestSealedMemoryStore(t *testing.T) {
	t.Parallel()
	meteringtest.RunSame(t, meteringtest.Harness{Open: func(testing.TB) metering.EventStore { return &sealing{MemoryStore: metering.NewMemoryStore()} }})
}

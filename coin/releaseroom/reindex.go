package releaseroom

import (
	"context"

	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
)

func reindex(ctx context.Context, s *store.Store) (int, error) { return release.Reindex(ctx, s) }

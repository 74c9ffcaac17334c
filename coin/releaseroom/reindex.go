package releaseroom

import (
	"context"

	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
)

func reindex(ctx context.Context, s *store.Store) (int, error) {
	n, err := release.Reindex(ctx, s)
	if err != nil {
		return n, err
	}
	m, err := release.ReindexAPIs(ctx, s)
	return n + m, err
}

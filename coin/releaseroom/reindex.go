package releaseroom

import (
	"context"

	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
)

func reindex(ctx context.Context, s *store.Store) (int, error) {
	all := 0
	for _, kinds := range []func(context.Context, *store.Store) (int, error){
		release.Reindex, release.ReindexFeatures, release.ReindexProofs, release.ReindexAPIs,
	} {
		n, err := kinds(ctx, s)
		if all += n; err != nil {
			return all, err
		}
	}
	return all, nil
}

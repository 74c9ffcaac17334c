
import (
	"context"
	"fmt"
	"testing"

	"github.com/servicecoin/servicecoin"
	"github.com/stretchr/testify/require"
)

func TestAuthorizerChecksWhoActs(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]servicecoin.Authorizer{"nil": nil, "all": func(context.Context, servicecoin.Attempt) error { return nil }} {
		require.NoError(t, f.Ask(t.Context(), servicecoin.Attempt{Actor: servicecoin.Person("ada")}), name)
		err := f.Ask(t.Context(), servicecoin.Attempt{})
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
		require.ErrorContains(t, err, "by.", name)
	}
	no := servicecoin.Authorizer(func(_ context.Context, a servicecoin.Attempt) error {
		return fmt.Errorf("%w: %s", servicecoin.ErrForbidden, a.Verb)
	})
	require.ErrorIs(t, no.Ask(t.Context(), servicecoin.Attempt{Actor: servicecoin.Person("ada"), Verb: "x"}), servicecoin.ErrForbidden)
}

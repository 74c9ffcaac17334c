package catalog_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/internal/limittest"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// Whatever somebody hands in, checking it takes little: 100,000 members of each
// list are refused for their number.
func TestLongListsAreRefused(t *testing.T) { //nolint:paralleltest // counts what is allocated
	const n = 100_000
	texts, labels, planned := catalog.Texts{}, map[string]string{}, catalog.Planned{}
	for i := range n {
		key := fmt.Sprint("k", i)
		texts[key], labels[key], planned[key] = "", "\xff", decimal.NewFromInt(-1)
	}
	service, offering := catalog.Service{ID: "mail", Name: "Mail"}, cloudMail()
	of := func(change func(o *catalog.Offering)) func() error {
		o := offering
		change(&o)
		return o.Validate
	}
	labelled, described := service, service
	many := catalog.Dependency{Service: "a", Needs: slices.Repeat([]servicecoin.ServiceID{"b"}, n)}
	offerings := make([]catalog.Offering, n)
	labelled.Labels, described.Descriptions = labels, texts
	for name, validate := range map[string]func() error{
		"planned":                  planned.Validate,
		"texts":                    texts.Validate,
		"a service's labels":       labelled.Validate,
		"a service's descriptions": described.Validate,
		"an offering's labels":     of(func(o *catalog.Offering) { o.Labels = labels }),
		"an offering's texts":      of(func(o *catalog.Offering) { o.Descriptions = texts }),
		"prerequisites":            of(func(o *catalog.Offering) { o.Prerequisites = make([]catalog.Prerequisite, n) }),
		"needs":                    catalog.Dependency{Service: "a", Needs: make([]servicecoin.ServiceID, n)}.Validate,
		"needs that are connected": func() error {
			_, err := catalog.New(store.New(memory.New(), nil).For(servicecoin.Provider), nil).Connect(t.Context(), ada, many)
			return err
		},
		"offerings that are compared": func() error { _, err := catalog.Compare(offerings, nil, nil); return err },
	} {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // counts what is allocated
			var err error
			bytes := limittest.Allocated(func() { err = validate() })
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			require.ErrorContains(t, err, "100000")
			require.Less(t, bytes, uint64(1<<20))
		})
	}
}

// Numbers whose digits would fill the memory are refused before anybody computes
// with them.
func TestHugeNumbersAreRefused(t *testing.T) {
	t.Parallel()
	for _, exponent := range []int32{100_000_000, -100_000_000} {
		for _, d := range []decimal.Decimal{decimal.New(1, exponent), decimal.New(-1, exponent)} {
			done := make(chan error, 1)
			go func() { done <- catalog.Planned{"documents": d}.Validate() }()
			select {
			case err := <-done:
				require.ErrorContains(t, err, "planned.documents")
			case <-time.After(10 * time.Second):
				t.Fatal("it computes")
			}
		}
	}
}

package store_test

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// empty is a backend without anything in it.
type empty struct{ store.Backend }

func (empty) Get(_ context.Context, k store.Key) (store.Document, error) {
	return store.Document{}, servicecoin.NotFound(k)
}

func (empty) Find(_ context.Context, q store.Query) ([]store.Document, error) {
	return nil, q.Validate()
}

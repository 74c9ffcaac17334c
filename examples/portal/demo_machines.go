package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/store"
)

// machines stands for the host's automation. An operation takes a while, its key
// is remembered, and asking again asks after it, also after a restart.
type machines struct {
	store *store.Store
	takes time.Duration
}

// job is an operation that was begun.
type job struct {
	Key   string    `json:"key"`
	Begun time.Time `json:"begun"`
}

var jobs = store.Kind[job]{Name: "portal.job", ID: func(j job) string { return j.Key }}

func (m machines) ask(ctx context.Context, key string) (catalog.Progress, error) {
	c := store.Of(m.store.For(servicecoin.Provider), jobs)
	j, err := c.Get(ctx, key)
	if errors.Is(err, servicecoin.ErrNotFound) {
		j = job{Key: key, Begun: m.store.Now()}
		err = kept(c.Insert(ctx, j))
	}
	if err != nil {
		return catalog.Progress{}, err
	}
	if m.store.Now().Sub(j.Begun) < m.takes {
		return catalog.Progress{State: catalog.UnderWay, Text: "The machines are at work on it."}, nil
	}
	return catalog.Progress{State: catalog.Done}, nil
}

// Provision implements catalog.Provisioner.
func (m machines) Provision(ctx context.Context, r catalog.Operation) (catalog.Progress, error) {
	progress, err := m.ask(ctx, r.Key)
	if err == nil && progress.State == catalog.Done {
		progress.Outputs, err = json.Marshal(map[string]string{"address": fmt.Sprintf("https://%s.%s.example", r.Service, r.Customer)})
	}
	return progress, err
}

// Deprovision implements catalog.Provisioner.
func (m machines) Deprovision(ctx context.Context, r catalog.Operation) (catalog.Progress, error) {
	return m.ask(ctx, r.Key)
}

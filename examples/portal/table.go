package main

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// service is the portal's own record of what it offers.
type service struct {
	ID           servicecoin.ServiceID    `json:"id"`
	Name         string                   `json:"name"`
	About        string                   `json:"about,omitempty"`
	Users        []servicecoin.CustomerID `json:"users"`
	CoveredFrom  time.Time                `json:"coveredFrom"`           // since when its incidents are all recorded
	CoveredUntil time.Time                `json:"coveredUntil,omitzero"` // exclusive; zero: they still are
}

var services = store.Kind[service]{Name: "portal.service", ID: func(s service) string { return string(s.ID) }}

var customers = store.Kind[servicecoin.Customer]{Name: "portal.customer", ID: func(c servicecoin.Customer) string { return string(c.ID) }}

// table is what the library asks the host: which services there are, whom they
// concern, and for which time their incidents are known.
type table struct{ store *store.Store }

func (t table) services() store.Collection[service] {
	return store.Of(t.store.For(servicecoin.Provider), services)
}

func (t table) customers() store.Collection[servicecoin.Customer] {
	return store.Of(t.store.For(servicecoin.Provider), customers)
}

// all lists the services by name.
func (t table) all(ctx context.Context) ([]service, error) {
	list, err := collect(t.services().Find(ctx, store.All()))
	slices.SortStableFunc(list, func(a, b service) int { return compareFold(a.Name, b.Name) })
	return list, err
}

// names returns the name of every service.
func (t table) names(ctx context.Context) (map[servicecoin.ServiceID]string, error) {
	list, err := t.all(ctx)
	return namesOf(list), err
}

func namesOf(list []service) map[servicecoin.ServiceID]string {
	names := map[servicecoin.ServiceID]string{}
	for _, s := range list {
		names[s.ID] = s.Name
	}
	return names
}

// Service implements catalog.Directory.
func (t table) Service(ctx context.Context, id servicecoin.ServiceID) (string, error) {
	s, err := t.services().Get(ctx, string(id))
	return s.Name, err
}

// Concerned implements catalog.Directory.
func (t table) Concerned(ctx context.Context, id servicecoin.ServiceID, _ calendar.Interval, after servicecoin.CustomerID, limit int) ([]servicecoin.CustomerID, error) {
	s, err := t.services().Get(ctx, string(id))
	if err != nil {
		return nil, err
	}
	slices.Sort(s.Users)
	from, found := slices.BinarySearch(s.Users, after)
	if found {
		from++
	}
	return s.Users[from:min(len(s.Users), from+limit)], nil
}

// covered says for which part of an interval the incidents of a service are
// known.
func (t table) covered(ctx context.Context, id servicecoin.ServiceID, during calendar.Interval) (calendar.Set, error) {
	s, err := t.services().Get(ctx, string(id))
	if err != nil {
		return calendar.Set{}, fmt.Errorf("service %s: %w", id, err)
	}
	return calendar.SetOf(during.Intersect(s.coverage(t.store.Now()))), nil
}

func (s service) coverage(now time.Time) calendar.Interval {
	until := s.CoveredUntil
	if until.IsZero() || until.After(now) {
		until = now
	}
	return calendar.Between(s.CoveredFrom, until)
}

// collect gathers a listing.
func collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var list []T
	for x, err := range seq {
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

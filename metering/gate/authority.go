package gate

import (
	"context"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

const (
	maxDigits = metering.MaxDigits
	maxPlaces = metering.MaxPlaces
)

// Limits tells what is left of a limit. The host fills it: from its ledger and quota,
// or from an entitlement with its grants. [Static] is a fake of it.
type Limits interface {
	// Standing returns what is left as of now. It is called anew for every lease, and reads
	// what was recorded by then.
	Standing(ctx context.Context, key Key, now time.Time) (Standing, error)
}

// Authority leases shares of what is left to gates. It holds nothing itself: there may be
// one in each process, over the same [Keep]. It is safe for goroutines if its parts are.
type Authority struct {
	keep   Keep
	limits Limits
	terms  Terms
	newID  func() string
	now    func() time.Time
}

// NewAuthority returns an authority. Ids are new ones at each call, and nobody else's.
func NewAuthority(keep Keep, limits Limits, terms Terms, newID func() string, now func() time.Time) (*Authority, error) {
	var v servicecoin.Violations
	for _, x := range []struct {
		name    string
		missing bool
	}{{"keep", keep == nil}, {"limits", limits == nil}, {"newID", newID == nil}, {"now", now == nil}} {
		if x.missing {
			v.Add(x.name, "required", "", "is nil")
		}
	}
	v.Merge("terms", terms.Validate())
	if err := v.Err(); err != nil {
		return nil, err
	}
	return &Authority{keep, limits, terms, newID, now}, nil
}

// Lease leases a share: see [Pool.Grant].
func (a *Authority) Lease(ctx context.Context, ask Ask) (Grant, error) {
	if err := ask.Validate(); err != nil {
		return Grant{}, err
	}
	var grant Grant
	id := LeaseID(a.newID())
	err := a.keep.Update(ctx, ask.Key, func(p *Pool) error {
		now := a.now()
		s, err := a.limits.Standing(ctx, ask.Key, now)
		if err != nil {
			return fmt.Errorf("what is left of %s: %w", ask.Key.Name, err)
		}
		grant, err = p.Grant(ask, s, id, now, a.terms)
		return err
	})
	if err != nil {
		return Grant{}, err
	}
	return grant, nil
}

// Return settles leases: see [Pool.Return].
func (a *Authority) Return(ctx context.Context, key Key, gate string, returns []Return) error {
	if err := key.Validate(); err != nil {
		return err
	}
	return a.keep.Update(ctx, key, func(p *Pool) error { return p.Return(gate, returns, a.now()) })
}

// Static is a fake of [Limits]: what is left does not change. A key that is not there is
// ErrNotFound.
type Static map[Key]Standing

// Standing returns what is there.
func (s Static) Standing(_ context.Context, key Key, _ time.Time) (Standing, error) {
	standing, ok := s[key]
	if !ok {
		return Standing{}, servicecoin.NotFound(servicecoin.Key{Customer: key.Customer, Kind: Pools, ID: key.Name})
	}
	return standing, nil
}

package catalogtest_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/catalog/catalogtest"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/suitetest"
)

func fromMemory(_ testing.TB, name string, uses []catalogtest.Use) catalog.Directory {
	d := &catalog.MemoryDirectory{}
	var customers []servicecoin.CustomerID
	for _, u := range uses {
		customers = append(customers, u.Customer)
	}
	d.Set(catalogtest.Mail, name, customers...)
	return d
}

func fromCatalogue(tb testing.TB, name string, uses []catalogtest.Use) catalog.Directory {
	tb.Helper()
	c, by := catalog.New(store.New(memory.New(), nil).For(servicecoin.Provider), nil), servicecoin.Program("test")
	_, err := c.AddService(tb.Context(), by, catalog.Service{ID: catalogtest.Mail, Name: name})
	require.NoError(tb, err)
	for i, u := range uses {
		change := catalog.SubscriptionChanged{Subscription: servicecoin.SubscriptionID(strconv.Itoa(i)), Service: catalogtest.Mail, From: u.From, Until: u.Until}
		require.NoError(tb, c.Follow(tb.Context(), by, u.Customer, change))
	}
	return c.Directory()
}

func TestDirectories(t *testing.T) {
	t.Parallel()
	catalogtest.RunDirectory(t, catalogtest.DirectoryHarness{Fill: fromMemory, Timeless: true})
	catalogtest.RunDirectory(t, catalogtest.DirectoryHarness{Fill: fromCatalogue})
}

func TestProvisioners(t *testing.T) {
	t.Parallel()
	h := catalogtest.ProvisionerHarness{Operation: catalog.Operation{Customer: "acme", Service: "mail", Offering: "cloud"}}
	h.Open = func(testing.TB) catalog.Provisioner { return &catalog.MemoryProvisioner{} }
	catalogtest.RunProvisioner(t, h)
	h.Open = func(testing.TB) catalog.Provisioner {
		p := &catalog.MemoryProvisioner{}
		p.Script(slices.Repeat([]catalog.Answer{{Progress: catalog.Progress{State: catalog.UnderWay}}}, 3)...)
		return p
	}
	waited := 0
	var mu sync.Mutex
	h.Wait = func() { mu.Lock(); defer mu.Unlock(); waited++ }
	catalogtest.RunProvisioner(t, h)
	require.Positive(t, waited)
}

// broken is a directory with one fault.
type broken struct {
	catalog.Directory

	name      func(string, error) (string, error)
	concerned func([]servicecoin.CustomerID, error) ([]servicecoin.CustomerID, error)
	asked     func(*calendar.Interval, *servicecoin.CustomerID, *int)
	deaf      bool
}

func (b broken) Service(ctx context.Context, id servicecoin.ServiceID) (string, error) {
	name, err := b.Directory.Service(ctx, id)
	if b.name != nil {
		return b.name(name, err)
	}
	return name, err
}

func (b broken) Concerned(ctx context.Context, s servicecoin.ServiceID, during calendar.Interval, after servicecoin.CustomerID, limit int) ([]servicecoin.CustomerID, error) {
	if b.deaf {
		ctx = context.WithoutCancel(ctx)
	}
	if b.asked != nil {
		b.asked(&during, &after, &limit)
	}
	list, err := b.Directory.Concerned(ctx, s, during, after, limit)
	if b.concerned != nil {
		return b.concerned(list, err)
	}
	return list, err
}

// Every case fails on a directory that is broken in just that way.
func TestBrokenDirectories(t *testing.T) {
	t.Parallel()
	type customers = []servicecoin.CustomerID
	faults := map[string]broken{
		"name":    {name: func(s string, err error) (string, error) { return strings.ToUpper(s), err }},
		"unknown": {name: func(s string, _ error) (string, error) { return s, nil }},
		"byte order, once each": {concerned: func(l customers, err error) (customers, error) {
			slices.SortFunc(l, func(a, b servicecoin.CustomerID) int {
				return strings.Compare(strings.ToLower(string(a)), strings.ToLower(string(b)))
			})
			return l, err
		}},
		"after": {asked: func(_ *calendar.Interval, after *servicecoin.CustomerID, _ *int) {
			*after = servicecoin.CustomerID(strings.TrimSuffix(string(*after), "a"))
		}},
		"after one that is not there": {asked: func(_ *calendar.Interval, after *servicecoin.CustomerID, _ *int) {
			*after = servicecoin.CustomerID(strings.TrimSuffix(string(*after), "aa"))
		}},
		"limit": {asked: func(_ *calendar.Interval, _ *servicecoin.CustomerID, limit *int) { *limit++ }},
		"end": {asked: func(_ *calendar.Interval, after *servicecoin.CustomerID, _ *int) {
			*after = servicecoin.CustomerID(strings.TrimSuffix(string(*after), "ö"))
		}},
		"unknown service": {concerned: func(l customers, err error) (customers, error) {
			if len(l) == 0 {
				return customers{"somebody"}, err
			}
			return l, err
		}},
		"half-open": {asked: func(d *calendar.Interval, _ *servicecoin.CustomerID, _ *int) { d.Start = d.Start.Add(-1) }},
		"going on": {asked: func(d *calendar.Interval, _ *servicecoin.CustomerID, _ *int) {
			if d.End.IsZero() {
				d.End = d.End.Add(1)
			}
		}},
		"before":    {asked: func(d *calendar.Interval, _ *servicecoin.CustomerID, _ *int) { *d = calendar.Interval{} }},
		"cancelled": {deaf: true},
	}
	all := map[string]suitetest.Broken[catalogtest.DirectoryHarness]{}
	for name, b := range faults {
		all[name] = suitetest.Broken[catalogtest.DirectoryHarness]{What: "breaks: " + name, Harness: catalogtest.DirectoryHarness{
			Fill: func(tb testing.TB, called string, uses []catalogtest.Use) catalog.Directory {
				own := b
				own.Directory = fromCatalogue(tb, called, uses)
				return own
			},
		}}
	}
	suitetest.RunBroken(t, catalogtest.DirectoryCases(), catalogtest.DirectoryHarness{Fill: fromCatalogue}, all)
}

// forgetful is a provisioner with one fault.
type forgetful struct {
	*catalog.MemoryProvisioner

	fault string
	mu    sync.Mutex
	calls int
	up    bool
}

func (f *forgetful) answer(ctx context.Context, r catalog.Operation, do func(context.Context, catalog.Operation) (catalog.Progress, error)) (catalog.Progress, error) {
	f.mu.Lock()
	f.calls++
	n := f.calls
	f.mu.Unlock()
	switch f.fault {
	case "once it has ended", "the same key at once":
		return catalog.Progress{State: catalog.Done, Text: strconv.Itoa(n)}, nil // another operation each time
	case "cancelled":
		return do(context.WithoutCancel(ctx), r)
	}
	return do(ctx, r)
}

func (f *forgetful) Provision(ctx context.Context, r catalog.Operation) (catalog.Progress, error) {
	f.mu.Lock()
	f.up = true
	f.mu.Unlock()
	return f.answer(ctx, r, f.MemoryProvisioner.Provision)
}

func (f *forgetful) Deprovision(ctx context.Context, r catalog.Operation) (catalog.Progress, error) {
	f.mu.Lock()
	up := f.up
	f.mu.Unlock()
	if f.fault == "sets up and takes down" || f.fault == "not there" && !up {
		return catalog.Progress{State: catalog.Failed, Text: "there is no such thing"}, nil
	}
	return f.answer(ctx, r, f.MemoryProvisioner.Deprovision)
}

func TestBrokenProvisioners(t *testing.T) {
	t.Parallel()
	sound := catalogtest.ProvisionerHarness{Open: func(testing.TB) catalog.Provisioner { return &catalog.MemoryProvisioner{} }}
	all := map[string]suitetest.Broken[catalogtest.ProvisionerHarness]{}
	for _, c := range catalogtest.ProvisionerCases() {
		all[c.Name] = suitetest.Broken[catalogtest.ProvisionerHarness]{What: "breaks: " + c.Name, Harness: catalogtest.ProvisionerHarness{
			Open: func(testing.TB) catalog.Provisioner {
				return &forgetful{MemoryProvisioner: &catalog.MemoryProvisioner{}, fault: c.Name}
			},
		}}
	}
	suitetest.RunBroken(t, catalogtest.ProvisionerCases(), sound, all)
	endless := catalogtest.ProvisionerHarness{Patience: 5, Open: func(testing.TB) catalog.Provisioner {
		p := &catalog.MemoryProvisioner{}
		p.Script(slices.Repeat([]catalog.Answer{{Progress: catalog.Progress{State: catalog.UnderWay}}}, 9)...)
		return p
	}}
	require.Contains(t, suitetest.Complaint(t, catalogtest.ProvisionerCases()[0], endless), "under way after 5 calls")
}

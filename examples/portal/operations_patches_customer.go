package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/patchroom"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// patchesOfPage is what a customer sees of the flaws in what it has, and nothing of
// anybody else.
type patchesOfPage struct {
	page

	Customer servicecoin.Customer
	List     []ownFlaw
	Overdue  int
	Open     int // that are not mended
}

// ownFlaw is a flaw and how the customer's targets stand to it.
type ownFlaw struct {
	flawRow

	What     string // in plain words
	Rows     []targetRow
	Planned  int // targets that are to be patched at a time that is known
	Kept, Of int
	KeptOver bool
	Path     string // of the advisory; for the provider's people
}

// slotPart is when a target is to be patched.
type slotPart struct {
	From, Until time.Time
	UnderWay    bool
	Late        bool
}

func (p *portal) showPatchesOf(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	v := patchesOfPage{page: p.page(r, "Patches of "+c.Name, customerPath(c.ID, "notices")), Customer: c.Customer}
	all, err := p.Patches().Overview(ctx, v.Now, c.ID)
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, worstFlaws)
	slots, err := p.slotsOf(ctx, c.ID)
	if err != nil {
		return err
	}
	if wantsCSV(r) {
		var rows [][]string
		for _, s := range all {
			a := flawRowOf(&s.Advisory)
			for _, row := range s.Now.Rows {
				rows = append(rows, []string{a.Called, a.Says, string(a.Severe), isoDay(a.Exploited()), instantText(s.Deadline.At), string(row.Target), string(row.Condition), instantText(row.Seen), instantText(row.Since)})
			}
		}
		return p.cellsAsCSV(w, r, string(c.ID)+"-patches.csv", []string{"advisory", "title", "severity", "exploitedSince", "deadline", "item", "condition", "seen", "compliantSince"}, rows)
	}
	names, err := p.namesFor(ctx, v.Viewer)
	if err != nil {
		return err
	}
	for n := range all {
		one, err := p.ownFlaw(ctx, &all[n], slots, names, v.Viewer)
		if err != nil {
			return err
		}
		v.Overdue += one.Overdue
		v.Open += one.Tally.NonCompliant + one.Tally.Unknown
		v.List = append(v.List, one)
	}
	return p.render(w, r, "patch_customer.html", 0, v)
}

func (p *portal) ownFlaw(ctx context.Context, s *patchroom.Standing, slots map[slotKey]slotPart, names namesByID, who person) (ownFlaw, error) {
	one := ownFlaw{flawRow: p.flawRow(s), What: flawText(&s.Advisory)}
	one.Kept, one.Of, one.KeptOver = s.Kept()
	if one.Path = ""; who.Provider() {
		one.Path = flawPath(&s.Advisory)
	}
	called := p.targetNames(ctx)
	for _, row := range s.Now.Rows {
		t, err := p.targetRow(ctx, s, row, called)
		if err != nil {
			return one, err
		}
		if row.Service != "" {
			t.Service = names.Of(row.Service)
		}
		if slot, ok := slots[slotKey{s.Advisory.ID, row.Target}]; ok && row.Condition != patch.Compliant {
			t.Slot = &slot
			one.Planned++
		}
		one.Rows = append(one.Rows, t)
	}
	slices.SortStableFunc(one.Rows, func(a, b targetRow) int { return conditionRank(b.Condition) - conditionRank(a.Condition) })
	return one, nil
}

// slotKey is a target and the flaw that is mended on it.
type slotKey struct {
	flaw   patch.AdvisoryID
	target servicecoin.ConfigurationID
}

// slotsOf are when a customer's targets are to be patched, by the cycles that were begun:
// what is planned only may still change.
func (p *portal) slotsOf(ctx context.Context, id servicecoin.CustomerID) (map[slotKey]slotPart, error) {
	const most = 500 // jobs that are looked at, the last ones
	now, looked := p.store.Now(), 0
	slots, cycles := map[slotKey]slotPart{}, map[patch.CycleID]patch.Cycle{}
	for j, err := range p.Cycles().OfCustomer(id).All(ctx) {
		if err != nil {
			return nil, err
		}
		if looked++; looked > most {
			break
		}
		c, known := cycles[j.Cycle]
		if !known {
			if c, err = p.Cycles().Get(ctx, j.Cycle); err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
				return nil, err
			}
			cycles[j.Cycle] = c
		}
		if !j.Stands(c.Edition) || c.State != patch.CycleRunning && c.State != patch.CycleHalted {
			continue
		}
		for _, t := range j.Tasks {
			if t.Result.Settled() {
				continue
			}
			for _, a := range c.Advisories {
				slots[slotKey{a, t.Target}] = slotPart{From: t.Slot.Start, Until: t.Slot.End, UnderWay: t.Result != patch.Pending, Late: t.Result == patch.Pending && !now.Before(t.Slot.End)}
			}
		}
	}
	return slots, nil
}

package runbook

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/estimate"
)

// ItemTrend is how an item of a template fared, period by period.
type ItemTrend struct {
	Template TemplateID        `json:"template"`
	Item     ItemID            `json:"item"`
	Text     servicecoin.Texts `json:"text"` // as the checklist has it that opened last
	Periods  []ItemFigures     `json:"periods"`
}

// ItemFigures are the figures of an item in one period.
type ItemFigures struct {
	During  calendar.Interval `json:"during"`
	N       int               `json:"n"` // checklists that were finished and have the item
	Failed  int               `json:"failed"`
	Skipped int               `json:"skipped"`
	// FailedShare is of those in which it was not skipped, SkippedShare of all.
	FailedShare  ItemShare `json:"failedShare"`
	SkippedShare ItemShare `json:"skippedShare"`
}

// ItemShare is a share of a number of checklists, from 0 to 1.
type ItemShare struct {
	N        int                 `json:"n"`        // of how many
	Value    decimal.NullDecimal `json:"value"`    // to four places; null of none
	Interval *estimate.Interval  `json:"interval"` // [estimate.Wilson]; nil of none
}

const (
	mostPeriods = 120
	sharePlaces = 4
)

// Trend counts how often items failed or were skipped in each period, by when the
// checklists opened. Those that were not finished are left out. What fails or is
// skipped most surely in the last period comes first: by the lower end of the
// interval, so that two of three do not stand before sixty of a hundred.
func Trend(list []Checklist, periods ...calendar.Interval) ([]ItemTrend, error) {
	t, err := newItemTally(periods)
	if err != nil {
		return nil, err
	}
	for i := range list {
		t.add(&list[i])
	}
	return t.trend()
}

// itemTally counts items.
type itemTally struct {
	periods []calendar.Interval
	items   map[itemKey]*ItemTrend
	latest  map[itemKey]*Checklist
}

type itemKey struct {
	template TemplateID
	item     ItemID
}

func newItemTally(periods []calendar.Interval) (*itemTally, error) {
	var v servicecoin.Violations
	if v.Limit("periods", len(periods), mostPeriods) {
		for n, p := range periods {
			v.Merge(fmt.Sprintf("periods[%d]", n), p.Validate())
		}
	}
	if len(periods) == 0 {
		v.Add("periods", "required", "", "must have one at least")
	}
	return &itemTally{periods: periods, items: map[itemKey]*ItemTrend{}, latest: map[itemKey]*Checklist{}}, v.Err()
}

func (t *itemTally) add(c *Checklist) {
	if !c.State.Finished() {
		return
	}
	for p, during := range t.periods {
		if !during.Contains(c.Opens) {
			continue
		}
		for _, k := range c.Checks {
			key := itemKey{c.Template, k.ID}
			x := t.items[key]
			if x == nil {
				x = &ItemTrend{Template: c.Template, Item: k.ID, Periods: make([]ItemFigures, len(t.periods))}
				t.items[key] = x
			}
			if last := t.latest[key]; last == nil || !c.Opens.Before(last.Opens) {
				t.latest[key], x.Text = c, k.Text
			}
			f := &x.Periods[p]
			f.N++
			switch k.Result {
			case CheckFailed:
				f.Failed++
			case CheckSkipped:
				f.Skipped++
			case CheckPassed, CheckPending:
			}
		}
	}
}

func (t *itemTally) trend() ([]ItemTrend, error) {
	list := make([]ItemTrend, 0, len(t.items))
	worst := map[itemKey]float64{}
	for key, x := range t.items {
		for p := range x.Periods {
			f := &x.Periods[p]
			f.During = t.periods[p]
			var err error
			if f.FailedShare, err = shareOf(f.Failed, f.N-f.Skipped); err != nil {
				return nil, err
			}
			if f.SkippedShare, err = shareOf(f.Skipped, f.N); err != nil {
				return nil, err
			}
		}
		last := x.Periods[len(x.Periods)-1]
		both, err := shareOf(last.Failed+last.Skipped, last.N)
		if err != nil {
			return nil, err
		}
		if both.Interval != nil {
			worst[key] = both.Interval.Low
		}
		list = append(list, *x)
	}
	slices.SortFunc(list, func(a, b ItemTrend) int {
		return cmp.Or(
			cmp.Compare(worst[itemKey{b.Template, b.Item}], worst[itemKey{a.Template, a.Item}]),
			cmp.Compare(a.Template, b.Template), cmp.Compare(a.Item, b.Item),
		)
	})
	return list, nil
}

// shareOf returns so many of n, undefined of none.
func shareOf(count, n int) (ItemShare, error) {
	s := ItemShare{N: n}
	if n == 0 {
		return s, nil
	}
	i, err := estimate.Wilson.Interval(count, n, estimate.DefaultLevel)
	if err != nil {
		return s, err
	}
	s.Value = servicecoin.Some(decimal.NewFromInt(int64(count)).DivRound(decimal.NewFromInt(int64(n)), sharePlaces))
	s.Interval = &i
	return s, nil
}

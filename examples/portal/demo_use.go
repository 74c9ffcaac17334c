package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// use records what the customers used: the same numbers at every start, so that
// events which are there already are repeats.
func (d demo) use(ctx context.Context) error {
	d.turn(d.now)
	for n, x := range customersOfDemo() {
		g := usageOf{customer: x.client.ID, random: rand.New(rand.NewPCG(uint64(n), 2026)), size: []int{24, 9, 14}[n]}
		has := map[string]bool{}
		for _, o := range x.has {
			has[string(o)] = true
		}
		for ago := int(back/day) - 1; ago >= 0; ago-- {
			g.day(d.at(ago, 0, 0), int(back/day)-ago, has)
		}
		if err := g.record(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

type usageOf struct {
	customer servicecoin.CustomerID
	random   *rand.Rand
	size     int // people
	events   []metering.Event
}

func (g *usageOf) add(kind string, at time.Time, subject string, value decimal.NullDecimal, dimensions map[string]string) {
	g.events = append(g.events, metering.Event{
		Customer: g.customer, Source: "demonstration", ID: fmt.Sprintf("%s-%s-%d", kind, at.Format("20060102"), len(g.events)),
		Type: kind, Subject: subject, Time: at, Value: value, Dimensions: metering.DimensionsOf(dimensions),
	})
}

// day makes the events of one day: fewer at weekends, a little more each month.
func (g *usageOf) day(midnight time.Time, n int, has map[string]bool) {
	busy := 1.0 + float64(n)/400
	if w := midnight.Weekday(); w == time.Saturday || w == time.Sunday {
		busy = 0.2
	}
	times := func(most int) int { return int(busy * (0.7 + 0.6*g.random.Float64()) * float64(most)) }
	clock := func() time.Time { return midnight.Add(7*time.Hour + time.Duration(g.random.IntN(11*3600))*time.Second) }
	person := func() string { return fmt.Sprintf("person %d", 1+g.random.IntN(g.size)) }
	whole := func(v int) decimal.NullDecimal { return servicecoin.Some(decimal.NewFromInt(int64(v))) }
	if has["erp-cloud"] {
		for range times(4 * g.size) {
			g.add("erp.document", clock(), person(), decimal.NullDecimal{}, map[string]string{"site": []string{"north", "south", "west"}[g.random.IntN(3)]})
		}
	}
	if has["mail-std"] {
		g.add("mail.mailboxes", midnight.Add(6*time.Hour), "", whole(g.size*3+n/20), nil)
		for range times(g.size) {
			g.add("mail.read", clock(), person(), decimal.NullDecimal{}, nil)
		}
	}
	g.add("files.stored", midnight.Add(5*time.Hour), "", whole(g.size*18+n*g.size/12), nil)
	for range times(g.size / 2) {
		g.add("files.opened", clock(), person(), decimal.NullDecimal{}, nil)
	}
	if has["database-std"] {
		g.add("db.ran", midnight.Add(23*time.Hour+59*time.Minute), "db-1", whole(24), nil)
	}
	for range times(g.size) {
		g.add("signin.done", clock(), person(), decimal.NullDecimal{}, nil)
	}
}

// record stores what has happened by now, in batches.
func (g *usageOf) record(ctx context.Context, d demo) error {
	for batch := g.events; len(batch) > 0; {
		n := min(len(batch), metering.MaxBatch)
		var list []metering.Event
		for _, e := range batch[:n] {
			if e.Time.Before(d.now) {
				e.RecordedAt = e.Time.Add(time.Minute)
				list = append(list, e)
			}
		}
		if len(list) > 0 {
			if _, err := d.usage.Append(ctx, list); err != nil {
				return err
			}
		}
		batch = batch[n:]
	}
	customer, err := d.host.customer(ctx, g.customer)
	if err != nil {
		return err
	}
	_, err = d.Ledger(customer).Review(ctx, servicecoin.Program("portal"), d.now)
	return err
}

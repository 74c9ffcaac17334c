package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/store"
)

// announcedPart is maintenance as everybody may know it.
type announcedPart struct {
	Headline string
	Names    []string
	Services []servicecoin.ServiceID
	During   calendar.Interval
	Downs    []downPart
	Stands   string
	Tone     string
	Overrun  bool
	Running  bool
	Off      bool // cancelled
}

// mostAnnounced is how much maintenance the status page shows.
const mostAnnounced = 50

// announced is the maintenance that is under way, that comes in the next days, and
// that would have come and is cancelled: of what everybody may see, what customers are
// told, and nothing else.
func (p *portal) announced(ctx context.Context, list []catalog.Service, now time.Time) ([]announcedPart, error) {
	names := namesOf(list)
	services := make([]servicecoin.ServiceID, 0, len(list))
	for _, s := range list {
		services = append(services, s.ID)
	}
	soon := now.Add(plannedDays * day)
	var parts []announcedPart
	add := func(listing store.Listing[change.Change], most int, told func(x *change.Change) bool) error {
		looked := 0
		for x, err := range listing.All(ctx) {
			if err != nil {
				return err
			}
			if looked++; looked > most || len(parts) == mostAnnounced {
				break
			}
			if !told(&x) {
				continue
			}
			n := change.NoticeOf(&x, services)
			if len(n.Services) == 0 {
				continue // it is the provider's own affair
			}
			if slices.ContainsFunc(x.Consents, func(c change.Consent) bool { return c.Mode == change.MustConsent }) {
				n.Headline = "Maintenance" // what it is about is between a customer and us
			}
			part := announcedPart{Headline: n.Headline, Names: namesIn(names, n.Services), Services: n.Services, During: n.During, Running: n.State == change.NoticeUnderWay, Off: n.State == change.NoticeCancelled}
			part.Stands, part.Tone, part.Overrun = noticeWords(&n, now)
			for _, d := range n.Downtime {
				part.Downs = append(part.Downs, downPart{names.Of(d.Service), d.During})
			}
			parts = append(parts, part)
		}
		return nil
	}
	const all, recent = 10_000, 200
	err := add(p.Control().Ahead(soon), all, func(x *change.Change) bool {
		return x.State == change.Started || (x.State == change.Approved || x.State == change.Scheduled) && x.Plan.Work().End.After(now)
	})
	if err != nil {
		return nil, err
	}
	err = add(p.Control().InState(change.Cancelled), recent, func(x *change.Change) bool {
		return x.Decision != nil && x.Decision.Approved && x.Plan.Work().End.After(now) && x.Plan.Start.Before(soon)
	})
	slices.SortStableFunc(parts, func(a, b announcedPart) int {
		return cmp.Or(a.During.Start.Compare(b.During.Start), cmp.Compare(a.Headline, b.Headline))
	})
	return parts, err
}

// byService sorts maintenance that comes, or is under way, by the services that it is
// on.
func byService(all []announcedPart) map[servicecoin.ServiceID][]announcedPart {
	by := map[servicecoin.ServiceID][]announcedPart{}
	for _, x := range all {
		if x.Off {
			continue
		}
		for _, s := range x.Services {
			by[s] = append(by[s], x)
		}
	}
	return by
}

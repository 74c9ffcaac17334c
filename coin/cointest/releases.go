package cointest

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
)

// version is one of the few that the simulated platform has.
func version(n int) string { return fmt.Sprintf("1.%d.%d", n%2, n/2%4) }

// releasing plans, moves, publishes, skips or recalls one of the versions of a platform, or hears of
// a critical flaw in some.
func (l *life) releasing(a Act) error {
	s, by := l.coin.Releases().Schedule(), l.by()
	if _, err := s.Platform(l.ctx, harbour); err != nil {
		if _, err := s.KeepPlatform(l.ctx, by, release.Platform{ID: harbour, Name: "Harbour", Service: l.service(0), Zone: "Europe/Berlin", Fixes: release.FixPromise{Rolled: calendar.Within(240 * time.Hour)}}); err != nil {
			return err
		}
	}
	if _, err := s.Line(l.ctx, harbour, "1."+strconv.Itoa(a.N%2)); err != nil || a.M%31 == 0 {
		until := calendar.DateOf(l.now, time.UTC).AddDays(20 + a.M%100)
		return second(s.KeepLine(l.ctx, by, release.Line{Platform: harbour, Name: "1." + strconv.Itoa(a.N%2), Released: until.AddDays(-200), Support: release.Support{Until: release.LastDay(until)}}))
	}
	today, v := calendar.DateOf(l.now, time.UTC), version(a.N)
	switch a.M % 9 {
	case 0, 1:
		x, err := s.Plan(l.ctx, by, release.Plan{Platform: harbour, Version: v, On: today.AddDays(1 + a.M%20)})
		if err == nil {
			if l.firsts == nil {
				l.firsts = map[string]calendar.Date{}
			}
			l.firsts[v] = x.First
		}
		return err
	case 2:
		return second(s.Move(l.ctx, by, harbour, v, today.AddDays(1+a.N%30), "it takes longer"))
	case 3, 4, 5:
		holds := release.Holds{}
		if a.N%3 == 0 {
			holds.Advisories = []string{fmt.Sprintf("FLAW-%d", a.M%4)}
		}
		return second(s.Publish(l.ctx, by, release.Plan{Platform: harbour, Version: v, On: today, Holds: holds}))
	case 6:
		return second(s.Skip(l.ctx, by, harbour, v, "nothing was ready"))
	case 7:
		return second(s.Recall(l.ctx, by, harbour, v, "it is bad", ""))
	}
	id := a.M % 4
	if a.M%5 == 0 {
		return second(l.coin.Releases().Fixes().Withdraw(l.ctx, by, release.FixID(fmt.Sprintf("flaw-%d", id)), "it was none"))
	}
	return second(l.coin.Releases().Fixes().Know(l.ctx, by, release.Known{
		ID: release.FixID(fmt.Sprintf("flaw-%d", id)), Platform: harbour, Advisory: fmt.Sprintf("FLAW-%d", id), Title: "A flaw", Affected: "<" + version(a.N), At: l.now.Add(-time.Duration(a.N%40) * time.Hour),
	}))
}

// running has a customer get a version, be seen to run one, stop, be pinned or not any more.
func (l *life) running(a Act) error {
	who, by := l.customer(a.N), l.by()
	n, where := l.coin.Releases().Installations(who), []string{"", "test"}[a.N/3%2]
	switch a.M % 8 {
	case 0, 1, 2, 3:
		return second(n.Run(l.ctx, by, harbour, where, version(a.M/8)))
	case 4:
		return second(n.Observe(l.ctx, by, harbour, where, version(a.M/8), l.now.Add(-time.Duration(a.N%50)*time.Minute)))
	case 5:
		return second(n.Stop(l.ctx, by, harbour, where))
	case 6:
		return second(n.Pin(l.ctx, by, release.Pin{Platform: harbour, Installation: where, Range: "1." + strconv.Itoa(a.N%2), Until: calendar.DateOf(l.now, time.UTC).AddDays(a.M % 60), Why: "contract"}))
	}
	if a.N%2 == 0 {
		return second(l.coin.Releases().Tend(l.ctx))
	}
	return second(n.Unpin(l.ctx, by, harbour, where, "it is over"))
}

// versions: who runs what is warned of what holds for that, and of nothing else; what ran lies
// end to end; and no first promise was changed.
func (l *life) versions(who servicecoin.CustomerID) error {
	n := l.coin.Releases()
	for v, first := range l.firsts {
		r, err := n.Schedule().Get(l.ctx, harbour, v)
		if err != nil || r.First != first {
			return fmt.Errorf("%s was promised for %s first, and that became %s: %w", v, first, r.First, err)
		}
	}
	if _, err := n.Tend(l.ctx); err != nil {
		return err
	}
	list, err := n.Positions(l.ctx, who)
	if err != nil {
		return err
	}
	for _, pos := range list {
		i := pos.Installation
		about := make(map[release.About]bool)
		for w, err := range n.Warnings(who).Open(i.Platform, i.Installation).All(l.ctx) {
			if err != nil {
				return err
			}
			about[w.About] = true
			if w.About == release.AFix && !slices.Contains(pos.Fixes, release.FixID(w.Of)) {
				return fmt.Errorf("it runs %s, and is warned of %s", i.Version, w.Of)
			}
		}
		if about[release.ARecall] != (pos.Recalled != nil) {
			return fmt.Errorf("it runs %s, recalled %t, and is warned %t", i.Version, pos.Recalled != nil, about[release.ARecall])
		}
		ends := i.Version != "" && (pos.NearEnd || pos.Phase == release.Ended)
		if about[release.AnEnd] != ends {
			return fmt.Errorf("it runs %s, whose support ends %t, and is warned %t", i.Version, ends, about[release.AnEnd])
		}
		spans, err := n.Installations(who).History(l.ctx, i.Platform, i.Installation)
		if err != nil {
			return err
		}
		for k, s := range spans {
			if !s.From.Before(s.Until) || k > 0 && s.From.Before(spans[k-1].Until) || i.Version != "" && s.Until.After(i.Since) {
				return fmt.Errorf("%s ran from %s to %s, out of order", s.Version, s.From, s.Until)
			}
		}
	}
	return nil
}

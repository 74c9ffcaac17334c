package releaseroom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
)

// ScheduleOptions are what a host may set for what is released and when.
type ScheduleOptions struct {
	// Patched says, of a flaw by its name, how many targets of a customer are without it, by
	// what was seen of them; false where nothing is known by that name. Nil: what the room of
	// patches knows, where there is one.
	Patched func(ctx context.Context, b exchange.Base, customer servicecoin.CustomerID, advisory string) (Patched, bool, error)
}

// Patched is how many targets of a customer are without a flaw.
type Patched struct {
	Targets   int
	Compliant int
	Unknown   int
}

// Schedule is what is released and when.
func (n Nouns) Schedule() *release.Schedule { return release.NewSchedule(n.Provider()) }

// Fixes are the critical flaws that are followed until the last customer is rid of them.
func (n Nouns) Fixes() *release.Fixes { return release.NewFixes(n.Provider()) }

// Installations is what a customer runs.
func (n Nouns) Installations(customer servicecoin.CustomerID) *release.Installations {
	return release.NewInstallations(n.Of(customer), n.Schedule())
}

// Warnings is what a customer is warned about of what it runs.
func (n Nouns) Warnings(customer servicecoin.CustomerID) *release.Warnings {
	return release.NewWarnings(n.Of(customer))
}

func (n Nouns) scheduleLinks() []exchange.Link {
	return []exchange.Link{n.closes(), n.warns(), n.warnsOne()}
}

func (n Nouns) forgetSchedule(ctx context.Context, by servicecoin.Actor, id servicecoin.CustomerID) error {
	return n.Fixes().Forget(ctx, by, id)
}

// whole is a platform with all that says where an installation of it stands.
type whole struct {
	platform release.Platform
	lines    []release.Line
	releases []release.Release
	fixes    []release.Fix
}

func (n Nouns) whole(ctx context.Context, id release.PlatformID) (whole, error) {
	var w whole
	var err error
	if w.platform, err = n.Schedule().Platform(ctx, id); err != nil {
		return w, err
	}
	if w.lines, err = n.Schedule().Lines(ctx, id); err != nil {
		return w, err
	}
	if w.releases, err = all(ctx, n.Schedule().Releases(id)); err != nil {
		return w, err
	}
	w.fixes, err = all(ctx, n.Fixes().All(id))
	return w, err
}

func all[T any](ctx context.Context, l store.Listing[T]) ([]T, error) {
	var list []T
	for x, err := range l.All(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

func (w *whole) locate(n Nouns, customer servicecoin.CustomerID, r release.Running) release.Position {
	return release.Locate(release.Installation{Customer: customer, Running: r}, w.platform, w.lines, w.releases, w.fixes, n.Store.Now())
}

// Positions says which versions a customer runs, and what stands between these and the
// newest: by platform and installation.
func (n Nouns) Positions(ctx context.Context, customer servicecoin.CustomerID) ([]release.Position, error) {
	known := map[release.PlatformID]whole{}
	var list []release.Position
	for r, err := range n.Installations(customer).All().All(ctx) {
		if err != nil {
			return nil, err
		}
		w, ok := known[r.Platform]
		if !ok {
			if w, err = n.whole(ctx, r.Platform); errors.Is(err, servicecoin.ErrNotFound) {
				w = whole{platform: release.Platform{ID: r.Platform}} // of another program, maybe
			} else if err != nil {
				return nil, err
			}
			known[r.Platform] = w
		}
		list = append(list, w.locate(n, customer, r))
	}
	return list, nil
}

// Everywhere says which versions of a platform all customers run, customer by customer.
func (n Nouns) Everywhere(ctx context.Context, id release.PlatformID) ([]release.Position, error) {
	w, err := n.whole(ctx, id)
	if err != nil {
		return nil, err
	}
	all, err := n.installations(ctx, id)
	if err != nil {
		return nil, err
	}
	list := make([]release.Position, 0, len(all))
	for _, i := range all {
		list = append(list, w.locate(n, i.Customer, i.Running))
	}
	return list, nil
}

// installations are what all customers run of a platform, customer by customer.
func (n Nouns) installations(ctx context.Context, id release.PlatformID) ([]release.Installation, error) {
	var list []release.Installation
	for item, err := range release.RunningAcross(n.Store, id).Items(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, release.Installation{Customer: item.Key.Customer, Running: item.Value})
	}
	return list, nil
}

// RolledOut is how far a critical fix is with all customers, and how their targets stand to
// it where patches are kept, too.
type RolledOut struct {
	release.Rollout

	Patched map[servicecoin.CustomerID]Patched
}

// RollOut says how far a critical fix is with every customer, ring by ring.
func (n Nouns) RollOut(ctx context.Context, id release.FixID) (RolledOut, error) {
	f, err := n.Fixes().Get(ctx, id)
	if err != nil {
		return RolledOut{}, err
	}
	w, err := n.whole(ctx, f.Platform)
	if err != nil {
		return RolledOut{}, err
	}
	list, err := n.installations(ctx, f.Platform)
	if err != nil {
		return RolledOut{}, err
	}
	out := RolledOut{Rollout: release.RollOut(f, w.platform, w.lines, list, n.Store.Now()), Patched: map[servicecoin.CustomerID]Patched{}}
	if n.Patched == nil || f.Advisory == "" {
		return out, nil
	}
	for _, r := range out.Rows {
		if _, asked := out.Patched[r.Customer]; asked {
			continue
		}
		p, ok, err := n.Patched(ctx, n.Base, r.Customer, f.Advisory)
		if err != nil {
			return RolledOut{}, err
		}
		if ok {
			out.Patched[r.Customer] = p
		}
	}
	return out, nil
}

// closes is the link that notes that releases mend critical flaws: those whose name is among
// the advisories that a release closes, or among its fixes; once the release comes or is
// described, and once the flaw is known. As many are noted as have room in a commit.
func (n Nouns) closes() exchange.Link {
	return exchange.Parts(n.Base, "fix.close", Name, Name, []string{release.EventPublished, release.EventDescribed, release.EventKnown},
		func(ctx context.Context, w exchange.Work, news struct {
			Platform release.PlatformID `json:"platform"`
			Version  string             `json:"version"`
			Fix      release.FixID      `json:"fix"`
		}, _ string,
		) (string, error) {
			mine := n.On(w.Base)
			p, err := mine.Schedule().Platform(ctx, news.Platform)
			if err != nil {
				return "", exchange.UnlessGone(err)
			}
			var releases []release.Release
			var fixes []release.Fix
			if news.Fix != "" {
				f, err := mine.Fixes().Get(ctx, news.Fix)
				if err != nil {
					return "", exchange.UnlessGone(err)
				}
				fixes = []release.Fix{f}
				if releases, err = all(ctx, mine.Schedule().Releases(news.Platform)); err != nil {
					return "", err
				}
			} else {
				r, err := mine.Schedule().Get(ctx, news.Platform, news.Version)
				if err != nil {
					return "", exchange.UnlessGone(err)
				}
				releases = []release.Release{r}
				if fixes, err = all(ctx, mine.Fixes().All(news.Platform)); err != nil {
					return "", err
				}
			}
			first := true
			for k := range releases {
				for i := range fixes {
					r, f := &releases[k], &fixes[i]
					if !mends(r, f) {
						continue
					}
					if !first && w.Left() < roomForAFix {
						return r.Version + " " + string(f.ID), nil // those before it are noted by then
					}
					first = false
					_, err := mine.Fixes().Fix(ctx, by(), f.ID, r.Version, since(p, r, f, w.Event.At))
					if err := exchange.UnlessRefused(err); err != nil {
						return "", err
					}
				}
			}
			return "", nil
		})
}

// mends reports whether a release that is out says that it mends a flaw, and that is not
// noted yet.
func mends(r *release.Release, f *release.Fix) bool {
	if r.Done.IsZero() || r.Recalled != nil || f.Withdrawn != nil {
		return false
	}
	if slices.ContainsFunc(f.In, func(x release.FixedIn) bool { return release.Canonical(x.Version) == release.Canonical(r.Version) }) {
		return false
	}
	return f.Advisory != "" && slices.Contains(r.Holds.Advisories, f.Advisory) ||
		slices.ContainsFunc(r.Holds.Fixes, func(i release.Item) bool { return i.ID == string(f.ID) })
}

// since is when a release mends a flaw: as it was said to have come, or from the day on which
// it came, if that is another one; not before the flaw is known.
func since(p release.Platform, r *release.Release, f *release.Fix, said time.Time) time.Time {
	if loc, err := p.Location(); err == nil && r.Done != p.Today(said) {
		said = r.Done.In(loc).Start // it was recorded later than it came
	}
	if said.Before(f.KnownAt) {
		return f.KnownAt
	}
	return said
}

func by() servicecoin.Actor { return exchange.By() }

// roomForAFix is what one fix takes of a commit at most: its record, its event, and what it
// reads.
const roomForAFix = 8

// roomForALook is what a look at one installation takes of a commit at most: a warning of
// its recall, of the end of its line and of each of a few fixes.
const (
	roomForALook = 50
	mostWarnings = 8 // that a look gives or settles
)

// place is where a link goes on: after which installation.
type place struct {
	Customer     servicecoin.CustomerID `json:"customer"`
	Installation string                 `json:"installation,omitempty"`
}

// warns is the link that looks at all installations of a platform once something of it
// changed that they are warned of: a recall, a fix, the support of a line.
func (n Nouns) warns() exchange.Link {
	l := exchange.Parts(n.Base, "warning.give", Name, Name,
		[]string{release.EventRecalled, release.EventPublished, release.EventLineKept, release.EventFixed, release.EventFixWithdrawn},
		func(ctx context.Context, w exchange.Work, news struct {
			Platform release.PlatformID `json:"platform"`
		}, at string,
		) (string, error) {
			mine := n.On(w.Base)
			of, err := mine.whole(ctx, news.Platform)
			if err != nil {
				return "", exchange.UnlessGone(err)
			}
			var p place
			if at != "" {
				if err := json.Unmarshal([]byte(at), &p); err != nil {
					return "", fmt.Errorf("progress %q: %w", at, err)
				}
			}
			first := true
			for item, err := range release.RunningAcross(w.Store, news.Platform).Items(ctx) {
				if err != nil {
					return "", err
				}
				here := place{item.Key.Customer, item.Value.Installation}
				if at != "" && here.compare(p) <= 0 {
					continue
				}
				if !first && w.Left() < roomForALook {
					text, err := json.Marshal(p)
					return string(text), err
				}
				if _, err := mine.look(ctx, &of, here.Customer, item.Value); err != nil {
					return "", fmt.Errorf("customer %s: %w", here.Customer, err)
				}
				p, first = here, false
			}
			return "", nil
		})
	l.EndedBy = "warning.settle"
	return l
}

func (p place) compare(o place) int {
	if c := strings.Compare(string(p.Customer), string(o.Customer)); c != 0 {
		return c
	}
	return strings.Compare(p.Installation, o.Installation)
}

// warnsOne is the link that looks at one installation once something else runs: what it was
// warned of is settled if it does not hold any more.
func (n Nouns) warnsOne() exchange.Link {
	return exchange.When(n.Base, "warning.settle", Name, Name, []string{release.EventRunning, release.EventStopped},
		func(ctx context.Context, w exchange.Work, news release.RunningChanged) error {
			mine := n.On(w.Base)
			of, err := mine.whole(ctx, news.Platform)
			if errors.Is(err, servicecoin.ErrNotFound) {
				of, err = whole{platform: release.Platform{ID: news.Platform}}, nil
			}
			if err != nil {
				return err
			}
			r, err := mine.Installations(w.Customer).Get(ctx, news.Platform, news.Installation)
			if err != nil {
				return exchange.UnlessGone(err)
			}
			_, err = mine.look(ctx, &of, w.Customer, r)
			return err
		})
}

// look gives an installation the warnings that hold now, and settles those that do not any
// more, so many of each as have room in a commit: the next look goes on. It returns how many
// of both.
func (n Nouns) look(ctx context.Context, of *whole, customer servicecoin.CustomerID, r release.Running) (int, error) {
	var want []release.Warning // the most urgent first
	pos := of.locate(n, customer, r)
	add := func(w release.Warning) {
		w.Platform, w.Installation, w.Version = r.Platform, r.Installation, r.Version
		want = append(want, w)
	}
	if c := pos.Recalled; c != nil {
		add(release.Warning{About: release.ARecall, Of: r.Version, Instead: c.Instead, Why: c.Why})
	}
	if last, ok := pos.Line.End(); ok && (pos.NearEnd || pos.Phase == release.Ended || pos.Phase == release.Extended) {
		add(release.Warning{About: release.AnEnd, Of: pos.Line.Name, Instead: pos.Line.Successor, Until: last})
	}
	for _, id := range pos.Fixes {
		k := slices.IndexFunc(of.fixes, func(f release.Fix) bool { return f.ID == id })
		if to := of.mending(&of.fixes[k], pos); to != "" {
			add(release.Warning{About: release.AFix, Of: string(id), Instead: to, Why: of.fixes[k].Title})
		}
	}
	open, err := all(ctx, n.Warnings(customer).Open(r.Platform, r.Installation))
	if err != nil {
		return 0, err
	}
	told, settled := 0, 0
	for _, w := range open {
		k := slices.IndexFunc(want, func(x release.Warning) bool { return x.About == w.About && x.Of == w.Of })
		if k >= 0 {
			x := want[k]
			if x.GivenAt = w.GivenAt; x == w {
				want = slices.Delete(want, k, k+1)
			}
			continue
		}
		if settled == mostWarnings {
			continue
		}
		if err := n.Warnings(customer).Settle(ctx, by(), w); err != nil {
			return settled, err
		}
		settled++
	}
	for _, w := range want[:min(len(want), mostWarnings)] {
		if _, err := n.Warnings(customer).Give(ctx, by(), w); err != nil {
			return settled + told, err
		}
		told++
	}
	return settled + told, nil
}

// mending is the version that mends a flaw and is the least way to go from where somebody
// stands; "" if there is none yet.
func (w *whole) mending(f *release.Fix, pos release.Position) string {
	for _, s := range pos.Between {
		if slices.ContainsFunc(w.releases, func(r release.Release) bool { return r.Version == s.Version && r.Recalled == nil }) && f.Mends(w.lines, s.Version) {
			return s.Version
		}
	}
	return ""
}

// Tended is what a round of [Nouns.Tend] did.
type Tended struct {
	Looked int // at installations
	Told   int // warnings that were given or settled
}

// Tend lets time do what it does to what customers run: they are warned when support of
// their line is about to end. A host calls it once a day, or as often as it likes.
func (n Nouns) Tend(ctx context.Context) (Tended, error) {
	var done Tended
	for p, err := range n.Schedule().Platforms().All(ctx) {
		if err != nil {
			return done, err
		}
		of, err := n.whole(ctx, p.ID)
		if err != nil {
			return done, err
		}
		all, err := n.installations(ctx, p.ID)
		if err != nil {
			return done, err
		}
		for _, i := range all {
			told, err := n.look(ctx, &of, i.Customer, i.Running)
			done.Looked, done.Told = done.Looked+1, done.Told+told
			if err != nil {
				return done, fmt.Errorf("customer %s: %w", i.Customer, err)
			}
		}
	}
	return done, nil
}

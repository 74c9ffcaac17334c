package main

import (
	"context"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/patchroom"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// How long there is to mend a flaw: by how bad it is, and once it is known to be exploited.
const (
	criticalFix  = 4 * day
	highFix      = 30 * day
	anyFix       = 90 * day
	exploitedFix = 3 * day
)

// patchRules are by when this provider mends flaws.
func (p *portal) patchRules() patchroom.Options {
	return patchroom.Options{
		Policy: patch.Policy{
			Name: "nordlicht-fixes", OnList: true, Exploited: patch.Clocked(exploitedFix),
			Rules: []patch.Rule{
				{AtLeast: patch.Critical, Within: patch.Clocked(criticalFix)}, {AtLeast: patch.High, Within: patch.Clocked(highFix)}, {AtLeast: patch.Low, Within: patch.Clocked(anyFix)},
			},
		},
		Hours: &p.desk.hours,
	}
}

// patchedTypes are the types of items that are patched. What runs on them is told by
// advisories, and is no drift.
func patchedTypes() []configuration.Type {
	const fresh = 7 * day
	of := func(name configuration.TypeName, title string) configuration.Type {
		return configuration.Type{
			Name: name, Title: title, Fresh: calendar.Within(fresh),
			Attributes: []configuration.Attribute{{Path: "/host", Kind: configuration.Text, Required: true, Text: "its name in the network"}, {Path: "/components", Kind: configuration.List, Text: "what runs on it, and in which versions"}},
			Rules:      configuration.Rules{List: []configuration.Rule{{Path: "/components", Ignore: true}}},
		}
	}
	return []configuration.Type{of("host", "Patched server"), of("appliance", "Network appliance")}
}

// tend lets time do what it does to patch cycles: rings soak and pass, plans are made anew,
// routines come; to what is released; and to usage. What could not be tended is for the log, and the
// rest was.
func (p *portal) tend(ctx context.Context) error {
	done, err := p.Patches().Tend(ctx, servicecoin.Program("portal"))
	for _, x := range done.Failed {
		if !errors.Is(x.Err, servicecoin.ErrBusy) {
			p.log.WarnContext(ctx, "a patch cycle could not be tended", "name", x.Name, "cause", x.Err.Error())
		}
	}
	return errors.Join(err, p.tendReleases(ctx), p.tendUsage(ctx))
}

// tendEvery is how often that is done.
const tendEvery = time.Minute

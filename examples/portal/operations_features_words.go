package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/servicecoin/servicecoin/operations/release"
)

func featurePath(id release.FeatureID) string {
	return featuresPath + "/" + url.PathEscape(string(id))
}

func stageTone(s release.Stage) string {
	switch s {
	case release.StageGeneral:
		return "good"
	case release.StageBeta:
		return "info"
	case release.StageAlpha, release.StageDeprecated:
		return "warn"
	case release.StagePreAlpha, release.StageRemoved:
	}
	return "none"
}

// audienceWords says who may use a feature in a stage.
func audienceWords(a release.Audience, offerings bool, named func(list []string) string) string {
	entitled := "every customer"
	if offerings {
		entitled = "every customer with the offering"
	}
	var ways []string
	switch {
	case a.Everybody:
		ways = append(ways, entitled)
	default:
		if len(a.Customers) > 0 {
			var list []string
			for _, c := range a.Customers {
				list = append(list, string(c))
			}
			ways = append(ways, named(list))
		}
		for _, s := range a.Segments {
			ways = append(ways, segmentWords(s))
		}
		switch a.Enter {
		case release.EnterOpen:
			ways = append(ways, "whoever enters early access")
		case release.EnterAsked:
			ways = append(ways, "whoever asks and is admitted")
		case release.EnterClosed:
		}
	}
	if len(ways) == 0 {
		return "nobody"
	}
	text := strings.Join(ways, ", ")
	if len(a.Except) > 0 {
		var list []string
		for _, c := range a.Except {
			list = append(list, string(c))
		}
		text += "; not " + named(list)
	}
	return text
}

func segmentWords(s release.Segment) string {
	text := "“" + s.Name + "”"
	if s.Share.Valid {
		text = s.Share.Decimal.String() + " % of " + text
	}
	return text
}

// decisionWords says how a feature stands to a customer.
func decisionWords(d release.Decision) (words, tone string) {
	switch {
	case d.May && d.Reason == release.WhyEntered:
		return "Has it, in early access", "good"
	case d.May:
		return "Has it", "good"
	case d.Reason == release.WhyHeld:
		return "Taken back", "bad"
	case d.Enter == release.EnterOpen:
		return "May enter", "info"
	case d.Enter == release.EnterAsked:
		return "May ask", "info"
	case d.Reason == release.WhyWaits:
		return "Asked, waits", "warn"
	}
	return "Does not have it", "none"
}

// reasonWords says why, with what is needed.
func reasonWords(d release.Decision, name func(release.FeatureID) string) string {
	if d.Reason == release.WhyNeeds {
		return "it needs " + name(d.Needs)
	}
	return d.Reason.Words()
}

func criterionWords(c release.Criterion) string {
	switch c.Kind {
	case release.AskProven:
		return "its tests passed on the version that is promoted"
	case release.AskSoak:
		return "it was in the stage before for " + lengthWords(c.Soak)
	case release.AskUse:
		if c.Customers == 1 {
			return "at least one customer uses it"
		}
		return "at least " + plural(c.Customers, "customer") + " use it"
	case release.AskSatisfaction:
		by := "by the lower bound of the interval (Wilson, 95 %)"
		if c.Level.Valid {
			by = "by the lower bound of the interval (Wilson, " + c.Level.Decimal.Shift(2).String() + " %)" //nolint:mnd // as percent
		}
		if c.Counts == release.AsItIs {
			by = "by the share as it is"
		}
		return fmt.Sprintf("%s %% of those who answer are satisfied, %s", c.Share.Decimal, by)
	case release.AskDocumentation:
		return "customers can read how it works"
	case release.AskRunbook:
		return "a run book that is published says how it is run"
	case release.AskSignOff:
		return "the " + c.Role + " stands for the version"
	case release.AskUnused:
		return "no customer uses it"
	}
	return c.Text
}

// featureDeeds are what was done to a feature, in words.
func featureDeeds(verb string) string {
	words, ok := map[string]string{
		release.VerbDefineFeature: "recorded it", release.VerbReviseFeature: "changed what is said of it", release.VerbHoldFeature: "took it back",
		release.VerbFreeFeature: "gave it free again", release.VerbPromote: "promoted it",
	}[verb]
	if !ok {
		return verb
	}
	return words
}

func newsTone(s release.NewsState) string {
	switch s {
	case release.NewsPublished:
		return "good"
	case release.NewsDraft:
		return "info"
	case release.NewsWithdrawn:
	}
	return "bad"
}

func tellingWords(t release.Telling) string {
	switch t {
	case release.ToldHas:
		return "has it"
	case release.ToldInvited:
		return "is invited to enter"
	case release.ToldOffered:
		return "can order it"
	case release.ToldPublic:
		return "everybody"
	case release.ToldNothing:
	}
	return "not told"
}

package catalog_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
)

var (
	nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	ada  = servicecoin.Person("ada")
	bob  = servicecoin.Client("bob")
	eve  = servicecoin.Client("eve")
	mill = servicecoin.Program("mill")
)

func after(minutes int) time.Time { return nine.Add(time.Duration(minutes) * time.Minute) }

// violated returns what an error complains of, "path code" each.
func violated(t require.TestingT, err error) []string {
	e, ok := errors.AsType[*servicecoin.InvalidError](err)
	require.True(t, ok, "%v", err)
	list := []string{}
	for _, v := range e.Violations {
		list = append(list, strings.TrimSpace(v.Path+" "+v.Code))
	}
	return list
}

func refusal(t require.TestingT, err error) *servicecoin.RefusedError {
	e, ok := errors.AsType[*servicecoin.RefusedError](err)
	require.True(t, ok, "%v", err)
	require.NotEmpty(t, e.Why)
	return e
}

func TestTextsFallBack(t *testing.T) {
	t.Parallel()
	texts := catalog.Texts{"de": "Post", "de-AT": "Post (AT)", "en-GB": "Mail", "fr-CH": "Courrier", "zh-Hant-TW": "郵件"}
	for wanted, want := range map[string]string{
		"de": "de", "DE": "de", "de-CH": "de", "de-at": "de-AT", "de-AT-1996": "de-AT", "de-x-mine": "de",
		"fr": "fr-CH", "fr-FR": "fr-CH", "en": "en-GB", "it": "en-GB", "": "en-GB", "zh-Hant-HK": "zh-Hant-TW", "de-": "de",
		"it fr": "fr-CH", "it de-CH en": "de", "fr-FR de": "de",
	} {
		text, tag := texts.In(strings.Split(wanted, " ")...)
		require.Equal(t, want, tag, wanted)
		require.Equal(t, texts[want], text)
	}
	_, tag := texts.In()
	require.Equal(t, "en-GB", tag)
	_, tag = catalog.Texts{"pl": "Poczta", "cs": "Pošta"}.In("de")
	require.Equal(t, "cs", tag, "the first in byte order is better than none")
	text, tag := catalog.Texts(nil).In("de")
	require.Empty(t, text+tag)
}

func TestTextsFindWhatIsThere(t *testing.T) {
	t.Parallel()
	tags := rapid.SampledFrom([]string{"de", "de-CH", "de-CH-1996", "en", "en-GB", "pt-BR", "x-mine", "zh-Hant-TW"})
	rapid.Check(t, func(t *rapid.T) {
		texts := catalog.Texts{}
		for _, tag := range rapid.SliceOf(tags).Draw(t, "there") {
			texts[tag] = "in " + tag
		}
		require.NoError(t, texts.Validate())
		wanted := rapid.SliceOf(tags).Draw(t, "wanted")
		text, tag := texts.In(wanted...)
		require.Equal(t, len(texts) > 0, text != "", "there is a text if there is one at all")
		require.Equal(t, texts[tag], text)
		if len(wanted) > 0 {
			if exact, ok := texts[wanted[0]]; ok {
				require.Equal(t, exact, text)
			}
		}
	})
}

func TestTextsValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, catalog.Texts{"de": "x", "pt-BR": "x", "zh-Hant-TW": "x", "de-CH-1996": "x", "x-mine": "x"}.Validate())
	require.Equal(t, []string{" bad-language", "-de bad-language", "1a bad-language", "de duplicate", "de required", "de_DE bad-language", "deutschsprachig bad-language", "x bad-language"},
		sortedStrings(violations(t, catalog.Texts{"": "x", "1a": "x", "de_DE": "x", "DE": "x", "de": "", "-de": "x", "deutschsprachig": "x", "x": "x"}.Validate())))
	require.Equal(t, []string{"en too-long"}, violated(t, catalog.Texts{"en": strings.Repeat("é", 4001)}.Validate()))
}

func violations(t *testing.T, err error) (list []string) {
	t.Helper()
	e, ok := errors.AsType[*servicecoin.InvalidError](err)
	require.True(t, ok)
	for _, v := range e.Violations {
		list = append(list, v.Path+" "+v.Code)
	}
	return list
}

func sortedStrings(list []string) []string { slices.Sort(list); return list }

func TestDurations(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(catalog.Recovery{RTO: hours(4), RPO: calendar.Within(0)})
	require.NoError(t, err)
	require.JSONEq(t, `{"rto":"PT4H","rpo":"PT0S","takes":null}`, string(text), "no loss is not the same as no target")
	var r catalog.Recovery
	require.NoError(t, json.Unmarshal(text, &r))
	require.Equal(t, catalog.Recovery{RTO: hours(4), RPO: calendar.Within(0)}, r)
	require.Equal(t, []string{"rto negative", "rpo out-of-range"}, violated(t, catalog.Recovery{RTO: calendar.Within(-time.Second), RPO: calendar.Within(1<<63 - 1)}.Validate()))
}

func TestServiceValidates(t *testing.T) {
	t.Parallel()
	_, err := catalog.NewService(catalog.Service{
		Kind: "toy", Level: 100, Descriptions: catalog.Texts{"_": "x"}, SupportTeam: strings.Repeat("x", 201),
		Recovery: catalog.Recovery{RTO: calendar.Within(-time.Hour)},
		Imprint:  catalog.Imprint{Owner: "\x01", From: nine, Until: nine, HandedBack: after(-1)},
		Labels:   map[string]string{"": "x"},
	})
	require.Equal(t, []string{
		"id required", "name required", "kind unknown", "descriptions._ bad-language", "supportTeam too-long", "level out-of-range", "recovery.rto negative",
		"imprint.owner bad-text", "imprint.until reversed", "imprint.handedBack out-of-order", "labels required",
	}, violated(t, err))
	huge := catalog.Service{ID: "a", Name: "a", Descriptions: catalog.Texts{}}
	for _, tag := range []string{"aa", "ab", "ac", "ad", "ae", "af", "ag", "ah", "ai"} {
		huge.Descriptions[tag] = strings.Repeat("\x01", 4000)
	}
	_, err = catalog.NewService(huge)
	require.Equal(t, []string{"too-large"}, violated(t, err))
}

func TestServiceLifecycle(t *testing.T) {
	t.Parallel()
	labels := map[string]string{"team": "x"}
	s, err := catalog.NewService(catalog.Service{ID: "mail", Name: "Mail", State: catalog.ServiceRetired, Labels: labels})
	require.NoError(t, err)
	labels["team"] = "changed"
	require.Equal(t, "x", s.Labels["team"], "keeps nothing of the caller's")
	require.Equal(t, catalog.ServicePlanned, s.State)
	require.Equal(t, catalog.Business, s.Kind)
	require.Equal(t, "planned", refusal(t, s.Deprecate(ada, nine, catalog.Deprecation{Reason: "x"})).From)
	require.NoError(t, s.Launch(ada, nine))
	require.Equal(t, nine, s.LiveSince)
	refusal(t, s.Launch(ada, nine))
	refusal(t, s.Retire(ada, nine))
	before := s
	require.Equal(t, []string{"reason required", "successor cycle", "until out-of-order"}, violated(t, s.Deprecate(ada, after(60), catalog.Deprecation{Successor: "mail", Until: after(60)})))
	require.Contains(t, refusal(t, s.Deprecate(ada, after(-60), catalog.Deprecation{Reason: "x"})).Why, "live only since")
	require.Equal(t, before, s, "nothing half-done")
	require.NoError(t, s.Deprecate(ada, after(60), catalog.Deprecation{Reason: "old", Successor: "mail2", Until: after(600)}))
	require.True(t, s.State.Runs())
	require.NoError(t, s.Deprecate(ada, after(90), catalog.Deprecation{Reason: "later", Until: after(900)}))
	require.Equal(t, catalog.Deprecation{Since: after(60), Until: after(900), Reason: "later"}, s.Deprecation)
	require.NoError(t, s.Validate())
	require.Contains(t, refusal(t, s.Retire(ada, after(899))).Why, "until 2026-03-03T00:00:00Z")
	require.NoError(t, s.Retire(ada, after(900)))
	require.NoError(t, s.Validate())
	require.Equal(t, after(900), s.RetiredAt)
	for _, err := range []error{s.Launch(ada, nine), s.Retire(ada, nine), s.Deprecate(ada, nine, catalog.Deprecation{Reason: "x"})} {
		refusal(t, err)
	}
	s.State, s.RetiredAt = "gone", time.Time{}
	require.Equal(t, []string{"state unknown"}, violated(t, s.Validate()))
	planned, err := catalog.NewService(catalog.Service{ID: "x", Name: "x"})
	require.NoError(t, err)
	require.Equal(t, []string{"by.kind unknown", "by.id required", "at required"}, violated(t, planned.Retire(servicecoin.Actor{}, time.Time{})))
	require.NoError(t, planned.Retire(ada, nine), "a plan can be dropped")
}

// Nothing internal gets out: of each field of a full service, only these.
func TestPublicService(t *testing.T) {
	t.Parallel()
	s := catalog.Service{
		ID: "mail", Name: "Mail", Kind: catalog.Business, Descriptions: catalog.Texts{"en": "Letters", "de": "Briefe"}, SupportTeam: "Desk",
		Level: 1, Recovery: catalog.Recovery{RTO: hours(4)}, Imprint: catalog.Imprint{Owner: "globex", Holder: "us"}, Labels: map[string]string{"secret": "x"},
		State: catalog.ServiceDeprecated, LiveSince: nine, Deprecation: catalog.Deprecation{Since: nine, Until: after(60), Successor: "mail2", Reason: "old"},
	}
	text, err := json.Marshal(s.Public("de-CH"))
	require.NoError(t, err)
	require.JSONEq(t, `{"id":"mail","name":"Mail","kind":"business","description":"Briefe","language":"de","supportTeam":"Desk","state":"deprecated","endsAt":"2026-03-02T10:00:00Z","successor":"mail2","reason":"old"}`, string(text))
}

func TestDependencyValidates(t *testing.T) {
	t.Parallel()
	require.NoError(t, catalog.AtLeast(2, "a", "b", "c").Validate())
	require.NoError(t, catalog.Hard("a", "b").Validate())
	require.Equal(t, []string{"id too-long", "service required", "strength unknown", "needs[0] required", "needs[0] cycle", "needs[2] duplicate", "atLeast out-of-range"},
		violated(t, catalog.Dependency{ID: catalog.DependencyID(strings.Repeat("x", 201)), Needs: []id{"", "b", "b"}, AtLeast: 4, Strength: "firm"}.Validate()))
	require.Equal(t, []string{"needs required"}, violated(t, catalog.Soft("a").Validate()))
	require.Equal(t, []string{"needs[0] cycle", "atLeast out-of-range"}, violated(t, catalog.AtLeast(-1, "a", "a").Validate()))
	require.Contains(t, violated(t, catalog.Hard("a", slices.Repeat([]id{"b"}, 201)...).Validate()), "needs too-many")
}

func TestImprint(t *testing.T) {
	t.Parallel()
	i := catalog.Imprint{Owner: "acme", Holder: "us", From: nine, Until: after(60), HandedBack: after(90)}
	require.NoError(t, i.Validate())
	require.False(t, i.Held(after(-1)))
	require.True(t, i.Held(nine))
	require.True(t, i.Held(after(89)), "beyond the term, until it is handed back")
	require.False(t, i.Held(after(90)))
}

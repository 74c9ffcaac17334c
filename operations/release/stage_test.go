package release_test

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/release"
)

// theirStage is a stage entry as the vectors have it.
type theirStage struct {
	From          string
	Stage         string
	Default       bool
	Locked        bool
	MinCompatible string
}

func (s theirStage) ours() release.StageEntry {
	stage := release.Stage(s.Stage)
	if s.Stage == "ga" {
		stage = release.StageGeneral
	}
	return release.StageEntry{From: s.From, Stage: stage, Default: s.Default, Locked: s.Locked, MinCompatible: s.MinCompatible}
}

func ours(list []theirStage) []release.StageEntry {
	made := make([]release.StageEntry, len(list))
	for n, s := range list {
		made[n] = s.ours()
	}
	return made
}

// theirFeatures makes features of what the vectors say of several.
func theirFeatures(stages map[string][]theirStage, needs map[string][]release.FeatureID) (list []release.Feature) {
	for id, s := range stages {
		list = append(list, release.Feature{
			ID: release.FeatureID(id), Platform: "p", Name: servicecoin.Texts{"en": id}, Stages: ours(s), Needs: needs[id],
		})
	}
	return list
}

// TestVectorsOfFeatures runs what Kubernetes' own tests of feature gates say, quirks among it.
func TestVectorsOfFeatures(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/vectors/features.json")
	require.NoError(t, err)
	var cases []struct {
		ID, Kind, Note string
		Input, Expect  json.RawMessage
	}
	require.NoError(t, json.Unmarshal(body, &cases))
	run := map[string]func(t *testing.T, input, expect json.RawMessage){
		"feature.stages-valid": vectorStages, "feature.dependency-valid": vectorNeeds,
		"feature.stage-at-version": vectorStageAt, "feature.enabled-set-valid": vectorEnabled,
	}
	count := 0
	for _, c := range cases {
		t.Run(c.ID+" "+c.Note, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, run, c.Kind)
			run[c.Kind](t, c.Input, c.Expect)
		})
		count++
	}
	require.GreaterOrEqual(t, count, 44)
}

func read[T any](t require.TestingT, body json.RawMessage) (x T) {
	require.NoError(t, json.Unmarshal(body, &x))
	return x
}

func vectorStages(t *testing.T, input, expect json.RawMessage) {
	in := read[struct{ Stages map[string][]theirStage }](t, input)
	valid := true
	for _, list := range in.Stages {
		if err := release.ValidateStages(ours(list)); err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			valid = false
		}
	}
	require.Equal(t, read[struct{ Valid bool }](t, expect).Valid, valid)
}

func vectorNeeds(t *testing.T, input, expect json.RawMessage) {
	in := read[struct {
		Stages    map[string][]theirStage
		DependsOn map[string][]release.FeatureID
	}](t, input)
	want := read[struct {
		Valid     bool
		Cause     release.Cause
		AtVersion *string
	}](t, expect)
	list := theirFeatures(in.Stages, in.DependsOn)
	for id := range in.DependsOn {
		if _, known := in.Stages[id]; !known { // who needs something is not known itself
			require.False(t, want.Valid)
			require.Equal(t, release.CauseUnknown, want.Cause)
			return
		}
	}
	var found []release.Strain
	for _, s := range release.Strains(list) {
		if !s.Later {
			found = append(found, s)
		}
	}
	require.Equal(t, want.Valid, len(found) == 0, "%v", found)
	if want.Valid {
		return
	}
	require.Equal(t, want.Cause, found[0].Cause)
	if want.AtVersion != nil {
		require.Equal(t, *want.AtVersion, found[0].At)
	}
	require.ErrorIs(t, release.ValidateFeatures(list), servicecoin.ErrInvalid)
}

func vectorStageAt(t *testing.T, input, expect json.RawMessage) {
	in := read[struct {
		Stages                         []theirStage
		PlatformVersion, MinCompatible string
	}](t, input)
	want := read[theirStage](t, expect)
	if want.Stage == "" || strings.EqualFold(want.Stage, "pre-alpha") {
		want.Stage = string(release.StagePreAlpha)
	}
	got, err := release.StageAt(ours(in.Stages), in.PlatformVersion, in.MinCompatible)
	require.NoError(t, err)
	require.Equal(t, want.ours().Stage, got.Stage)
	require.Equal(t, want.Default, got.Default)
}

func vectorEnabled(t *testing.T, input, expect json.RawMessage) {
	in := read[struct {
		DependsOn map[release.FeatureID][]release.FeatureID
		Enabled   []release.FeatureID
	}](t, input)
	want := read[struct {
		Valid   bool
		Missing map[release.FeatureID][]release.FeatureID
	}](t, expect)
	got := release.Missing(in.DependsOn, in.Enabled)
	require.Equal(t, want.Valid, len(got) == 0)
	require.Empty(t, cmp.Diff(want.Missing, got))
}

// What of stages is ours, and bad input.
func TestValidateStages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list []release.StageEntry
		want []string
	}{
		"none": {nil, []string{"stages required"}},
		"all the way": {[]release.StageEntry{
			{From: "8.0", Stage: release.StagePreAlpha},
			{From: "8.1", Stage: release.StageAlpha},
			{From: "8.2", Stage: release.StageBeta},
			{From: "8.3", Stage: release.StageGeneral, Default: true, Locked: true},
			{From: "9.0", Stage: release.StageDeprecated, Default: true, Locked: true},
			{From: "9.1", Stage: release.StageRemoved},
		}, nil},
		"given up": {[]release.StageEntry{{From: "8.1", Stage: release.StageAlpha}, {From: "8.2", Stage: release.StageRemoved}}, nil},
		"removed all at once": {
			[]release.StageEntry{{From: "8.1", Stage: release.StageGeneral}, {From: "8.2", Stage: release.StageRemoved}},
			[]string{"stages[1].stage not-deprecated"},
		},
		"back from the dead": {
			[]release.StageEntry{{From: "8.1", Stage: release.StageAlpha}, {From: "8.2", Stage: release.StageRemoved}, {From: "8.3", Stage: release.StageBeta}},
			[]string{"stages[2].stage backward"},
		},
		"on before it is there": {[]release.StageEntry{{From: "8.1", Stage: release.StagePreAlpha, Default: true}}, []string{"stages[0].default contradiction"}},
		"a stage of nobody":     {[]release.StageEntry{{From: "8.1", Stage: "gamma"}}, []string{"stages[0].stage unknown"}},
		"a patch":               {[]release.StageEntry{{From: "8.1.2", Stage: release.StageAlpha}}, []string{"stages[0].from not-a-line"}},
		"one number":            {[]release.StageEntry{{From: "8", Stage: release.StageAlpha}}, []string{"stages[0].from not-a-line"}},
		"a candidate":           {[]release.StageEntry{{From: "8.1-rc1", Stage: release.StageAlpha}}, []string{"stages[0].from not-a-line"}},
		"no version":            {[]release.StageEntry{{From: "next", Stage: release.StageAlpha}}, []string{"stages[0].from bad-version"}},
		"too long":              {[]release.StageEntry{{From: strings.Repeat("9", 300), Stage: release.StageAlpha}}, []string{"stages[0].from too-long"}},
		"too many":              {make([]release.StageEntry, 51), []string{"stages too-many"}},
		"less and less compatible": {
			[]release.StageEntry{
				{From: "8.2", Stage: release.StageBeta},
				{From: "8.2", Stage: release.StageBeta, Default: true, MinCompatible: "8.2"},
				{From: "8.3", Stage: release.StageGeneral, Default: true},
				{From: "8.3", Stage: release.StageGeneral, MinCompatible: "8.1"},
			},
			[]string{"stages[3].minCompatible out-of-order"},
		},
		"several at once": {
			[]release.StageEntry{{From: "1.3", Stage: release.StageBeta, Locked: true}, {From: "1.2", Stage: release.StageAlpha}},
			[]string{"stages[1].from out-of-order", "stages[1].locked unlocked", "stages[1].stage backward"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, cmp.Diff(c.want, codes(release.ValidateStages(c.list))))
		})
	}
}

// codes lists "path code" of every violation, none for another error.
func codes(err error) (list []string) {
	if e, ok := errors.AsType[*servicecoin.InvalidError](err); ok {
		for _, v := range e.Violations {
			list = append(list, v.Path+" "+v.Code)
		}
	}
	return list
}

// someStages draws entries of a feature, most often valid ones: it goes forward through
// stages and lines.
func someStages(t *rapid.T) (list []release.StageEntry) {
	minor, stage := 0, 0
	for range rapid.IntRange(1, 6).Draw(t, "entries") {
		minor += rapid.IntRange(0, 2).Draw(t, "lines on")
		stage = min(stage+rapid.IntRange(0, 2).Draw(t, "stages on"), 5)
		e := release.StageEntry{From: "3." + strconv.Itoa(minor), Stage: release.Stages()[stage], Default: rapid.Bool().Draw(t, "default")}
		if rapid.IntRange(0, 4).Draw(t, "compatible") == 0 {
			e.MinCompatible = "3." + strconv.Itoa(rapid.IntRange(0, minor).Draw(t, "since"))
		}
		list = append(list, e)
	}
	return list
}

// TestStagesGoForward: whatever is valid never goes back, at no version and whatever is compatible,
// and the entry that holds is the last one that says nothing against it.
func TestStagesGoForward(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := someStages(t)
		if release.ValidateStages(list) != nil {
			return
		}
		before := -1
		for minor := range 16 {
			at := "3." + strconv.Itoa(minor)
			got, err := release.StageAt(list, at, "")
			require.NoError(t, err)
			stage := slices.Index(release.Stages(), got.Stage)
			require.GreaterOrEqual(t, stage, before, "at %s", at)
			before = stage
			patch, err := release.StageAt(list, at+".7", "")
			require.NoError(t, err)
			require.Equal(t, got, patch, "a patch changes no stage")
			low := max(minor, 1) - 1
			require.Equal(t, slowly(list, minor, low), got)
		}
	})
}

// slowly is the oracle: from the first entry on, each one that holds replaces the one before.
func slowly(list []release.StageEntry, minor, low int) release.Stand {
	number := func(text string) int {
		n, err := strconv.Atoi(strings.TrimPrefix(text, "3."))
		if err != nil {
			return -1
		}
		return n
	}
	stand, least := release.Stand{Stage: release.StagePreAlpha}, -1
	for _, e := range list {
		if e.MinCompatible != "" {
			least = number(e.MinCompatible)
		}
		if number(e.From) <= minor && low >= least {
			stand = release.Stand{Stage: e.Stage, Default: e.Default, Locked: e.Locked, From: e.From}
		}
	}
	return stand
}

// TestStrainsLater: what is deprecated later makes nothing invalid, and is told.
func TestStrainsLater(t *testing.T) {
	t.Parallel()
	on := func(from string, s release.Stage) release.StageEntry {
		return release.StageEntry{From: from, Stage: s, Default: true}
	}
	list := []release.Feature{
		{ID: "a", Platform: "p", Name: servicecoin.Texts{"en": "a"}, Needs: []release.FeatureID{"b"}, Stages: []release.StageEntry{on("1.2", release.StageGeneral)}},
		{ID: "b", Platform: "p", Name: servicecoin.Texts{"en": "b"}, Stages: []release.StageEntry{on("1.1", release.StageGeneral), on("1.4", release.StageDeprecated)}},
	}
	require.NoError(t, release.ValidateFeatures(list))
	require.Empty(t, cmp.Diff([]release.Strain{{Feature: "a", Needs: "b", Cause: release.CauseStage, At: "1.4", Later: true}}, release.Strains(list)))
}

package lifecycle_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

type state string // of a lamp

const (
	on   state = "on"
	idle state = "idle"
	off  state = "off"

	verbRest = "lamp.rest"
	verbQuit = "lamp.quit"
)

func table() []lifecycle.Transition[state] {
	return []lifecycle.Transition[state]{
		lifecycle.Allow(on, verbRest, idle),
		lifecycle.Allow(on, verbRest, off),
		lifecycle.Allow(on, verbQuit, off, "a reason"),
		lifecycle.Allow(idle, verbQuit, off, "a reason"),
		lifecycle.Allow(off, verbQuit, off),
	}
}

func nine() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 123_000, time.UTC) }

func lamp(s state) lifecycle.Record[state] {
	return lifecycle.Record[state]{Key: servicecoin.Key{Kind: "home.lamp", ID: "l1"}, State: s, Since: nine(), Table: table()}
}

func Example() {
	_, err := lamp(on).Move(servicecoin.Person("ada"), nine().Add(time.Hour), verbQuit, "", lifecycle.Because(" ", 100))
	fmt.Println(err)
	entry, err := lamp(on).Move(servicecoin.Person("ada"), nine().Add(time.Hour), verbQuit, "it is day", lifecycle.Because("it is day", 100))
	fmt.Println(entry.From, "→", entry.To, err)
	// Output:
	// invalid: reason " ": must not be empty (required)
	// on → off <nil>
}

func TestMove(t *testing.T) {
	t.Parallel()
	ada, later := servicecoin.Person("ada"), nine().Add(time.Hour)
	entry, err := lamp(on).Move(ada, later, verbRest, "x", nil)
	require.NoError(t, err)
	require.Equal(t, lifecycle.Entry[state]{At: servicecoin.Instant(later), By: ada, Verb: verbRest, From: on, To: idle, Text: "x"}, entry, "the first row of the table")
	body, err := json.Marshal(lifecycle.Entry[state]{At: entry.At, By: ada, Verb: verbRest, To: on})
	require.NoError(t, err)
	require.JSONEq(t, `{"at":"2026-03-02T10:00:00.000123Z","by":{"kind":"human","id":"ada"},"verb":"lamp.rest","to":"on"}`, string(body))

	for name, c := range map[string]struct {
		of   lifecycle.Record[state]
		by   servicecoin.Actor
		at   time.Time
		verb string
		want string
	}{
		"not of this state": {lamp(idle), ada, later, verbRest, "refused: lamp.rest l1, idle → off: is allowed when it is on"},
		"no such verb":      {lamp(on), ada, later, "lamp.sing", "refused: lamp.sing l1, in state on: is allowed when it is "},
		"the table first":   {lamp(idle), servicecoin.Actor{}, time.Time{}, verbRest, "is allowed when it is on"},
		"then the form":     {lamp(on), servicecoin.Actor{}, time.Time{}, verbRest, "invalid: by.kind"},
		"then the order":    {lamp(on), ada, nine().Add(-time.Second), verbRest, "refused: lamp.rest l1, on → idle: at 2026-03-02T08:59:59.000123Z it was not yet where it is since 2026-03-02T09:00:00.000123Z"},
		"the state stays":   {lamp(off), ada, nine().Add(-time.Second), verbQuit, "refused: lamp.quit l1, in state off: at"},
		"a part of it":      {lifecycle.Record[state]{Part: "bulb 2", State: idle, Table: table()}, ada, later, verbRest, "refused: lamp.rest, idle → off: bulb 2: is allowed"},
	} {
		_, err := c.of.Move(c.by, c.at, c.verb, "", nil)
		require.ErrorContains(t, err, c.want, name)
	}
	_, err = lamp(on).Move(ada, lamp(on).Since, verbRest, "", nil)
	require.NoError(t, err, "the instant itself is not before")
}

func TestRefusalsOfARoom(t *testing.T) {
	t.Parallel()
	err := lamp(on).Refuse(verbRest, idle, "nobody is at home")
	r, ok := errors.AsType[*servicecoin.RefusedError](err)
	require.True(t, ok)
	require.Equal(t, &servicecoin.RefusedError{
		Subject: servicecoin.Key{Kind: "home.lamp", ID: "l1"}, Verb: verbRest, From: "on", To: "idle", Why: "nobody is at home",
	}, r)
}

func TestChecks(t *testing.T) {
	t.Parallel()
	at, err := lifecycle.Check(servicecoin.Person("ada"), nine(), nil)
	require.NoError(t, err)
	require.Equal(t, servicecoin.Instant(nine()), at)
	_, err = lifecycle.Check(servicecoin.Actor{}, time.Time{}, lifecycle.Because("", 3))
	require.ErrorContains(t, err, "by.kind")
	require.ErrorContains(t, err, "at: must be set")
	require.ErrorContains(t, err, "reason: must not be empty")
	for reason, want := range map[string][2]bool{"": {false, true}, "abc": {true, true}, "abcd": {false, false}} {
		for i, check := range []func(*servicecoin.Violations){lifecycle.Because(reason, 3), lifecycle.Maybe(reason, 3)} {
			var v servicecoin.Violations
			check(&v)
			require.Equal(t, want[i], v.Err() == nil, reason)
		}
	}
	for value, want := range map[any]string{"1234": "x: has 6 bytes, 5 are allowed (too-large)", "123": "", any(make(chan int)): "x: json: unsupported type: chan int (bad-json)"} {
		var v servicecoin.Violations
		lifecycle.Room(&v, "x", value, 5)
		if want == "" {
			require.NoError(t, v.Err())
		} else {
			require.EqualError(t, v.Err(), "invalid: "+want)
		}
	}
	require.Empty(t, lifecycle.Stamp(time.Time{}))
	require.True(t, strings.HasPrefix(lifecycle.Stamp(nine()), "2026-03-02T09:00:00"))
	require.True(t, lifecycle.Instant(time.Time{}).IsZero())
	require.Equal(t, servicecoin.Instant(nine()), lifecycle.Instant(nine()))
}

package followup_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/followup"
)

func nine() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

func Example() {
	list, _ := followup.List{}.Add(followup.Task{Owner: "ada", Due: nine().Add(24 * time.Hour), Text: "watch the disk"})
	list = list.Move(0, servicecoin.Person("ada"), nine(), nine().Add(48*time.Hour), "the part is late")
	fmt.Println(list[0].FirstDue.Format(time.DateOnly), "→", list[0].Due.Format(time.DateOnly), len(list.Overdue(nine().Add(72*time.Hour))))
	// Output: 2026-03-03 → 2026-03-04 1
}

func TestList(t *testing.T) {
	t.Parallel()
	by := servicecoin.Person("ada")
	var none followup.List
	list, first := none.Add(followup.Task{Owner: "ada", Due: nine().Add(2 * time.Hour), Text: "one"})
	require.Equal(t, 1, first.Number)
	list, second := list.Add(followup.Task{Owner: "bo", Due: nine().Add(time.Hour), Text: "two"})
	require.Equal(t, 2, second.Number)
	require.NoError(t, list.Validate(10))
	next, ok := list.NextDue()
	require.True(t, ok)
	require.Equal(t, nine().Add(time.Hour), next)
	require.Empty(t, list.Overdue(nine().Add(time.Hour)), "not late at the due time itself")
	late := list.Overdue(nine().Add(3 * time.Hour))
	require.Equal(t, []int{2, 1}, []int{late[0].Number, late[1].Number}, "the oldest first")

	moved := list.Move(1, by, nine(), nine().Add(5*time.Hour), "busy")
	require.Equal(t, nine().Add(time.Hour), moved[1].FirstDue)
	require.Equal(t, nine().Add(time.Hour), list[1].Due, "the old list stays")
	done := moved.End(0, followup.Done, "did it", nine())
	require.True(t, done.Open())
	done = done.End(1, followup.Dropped, "not worth it", nine())
	require.False(t, done.Open())
	_, ok = done.NextDue()
	require.False(t, ok)
	_, again := done.Add(followup.Task{Owner: "cy", Due: nine(), Text: "three"})
	require.Equal(t, 3, again.Number)
}

func TestWhatIsWrong(t *testing.T) {
	t.Parallel()
	err := followup.Task{Due: nine().Add(-time.Second)}.Validate(nine())
	for _, want := range []string{"text", "owner", "must not be before it is added, 2026-03-02T09:00:00Z"} {
		require.ErrorContains(t, err, want)
	}
	list := followup.List{{Number: 1}, {Number: 1, Text: "x", Owner: "ada", FirstDue: nine(), Due: nine(), State: "lost"}}
	err = list.Validate(10)
	for _, want := range []string{"[0].text", "[1].number", "must be open, done or dropped"} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, list.Validate(1), "too-many")
	var v servicecoin.Violations
	require.Negative(t, list.Find(&v, 9))
	require.ErrorContains(t, v.Err(), "is no follow-up here")
}

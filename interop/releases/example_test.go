package releases_test

import (
	"fmt"

	"github.com/servicecoin/servicecoin/interop/releases"
)

func ExampleReadKubernetes() {
	s, err := releases.ReadKubernetes([]byte(`schedules:
- release: 1.20
  releaseDate: 2020-12-08
  endOfLifeDate: 2022-02-28
  next: {release: 1.20.16, cherryPickDeadline: 2022-02-11, targetDate: 2022-03-16}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	l := s.Lines[0]
	fmt.Println(l.Name, "ends after", l.End.Date, "and is to get", l.Releases[0].Version)
	for _, c := range s.Complaints {
		fmt.Printf("line %d: %s\n", c.Line, c.Text)
	}
	// Output:
	// 1.20 ends after 2022-02-28 and is to get 1.20.16
	// line 5: 1.20.16 is to come on 2022-03-16, 1.20 ends on 2022-02-28
}

func ExampleMoves() {
	const table = "| What | Who | When |\n|---|---|---|\n| Code Freeze | Lead | %s |\n"
	before, err := releases.ReadKubernetesPage(fmt.Appendf(nil, table, "Wednesday 10th July 2024"))
	if err != nil {
		fmt.Println(err)
		return
	}
	after, err := releases.ReadKubernetesPage(fmt.Appendf(nil, table, "Wednesday 24th July 2024"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range releases.Moves(before, after) {
		fmt.Printf("%s: from %s to %s, %+d days\n", m.Name, m.Before, m.After, m.Days)
	}
	// Output: Code Freeze: from 2024-07-10 to 2024-07-24, +14 days
}

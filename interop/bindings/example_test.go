package bindings_test

import (
	"fmt"

	"github.com/servicecoin/servicecoin/interop/bindings"
	"github.com/servicecoin/servicecoin/version"
)

func ExampleRead() {
	m, err := bindings.Read("pyproject.toml", []byte("[project]\nname = \"orders\"\nrequires-python = \"~=3.8\"\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	runs := m.Platform[0]
	fmt.Println(m.Language, m.Package, "runs on", runs.Name, runs.Text)
	fmt.Println("on 3.12:", runs.Range.Contains(version.New(3, 12, 0)), "on 4.0:", runs.Range.Contains(version.New(4, 0, 0)))
	fmt.Println("it does not say its", m.Missing[0])
	// Output:
	// python orders runs on python ~=3.8
	// on 3.12: true on 4.0: false
	// it does not say its version
}

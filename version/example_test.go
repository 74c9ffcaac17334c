package version_test

import (
	"fmt"

	"github.com/servicecoin/servicecoin/version"
)

// Which of the versions that run somewhere does a range hold?
func Example() {
	affected, err := version.ParseRange(">=0.18 <0.18.1 || <0.17.4")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"0.17.3", "0.17.4", "0.18.0", "0.18.1", "0.18.0-rc.1"} {
		v, err := version.Parse(text)
		fmt.Println(v, affected.Contains(v), err)
	}
	// Output:
	// 0.17.3 true <nil>
	// 0.17.4 false <nil>
	// 0.18.0 true <nil>
	// 0.18.1 false <nil>
	// 0.18.0-rc.1 false <nil>
}

func ExampleScheme_Compare() {
	c, err := version.Maven.Compare("2.426.10", "2.426.3")
	fmt.Println(c, err)
	// Output: 1 <nil>
}

package estimate_test

import (
	"fmt"

	"github.com/servicecoin/servicecoin/estimate"
)

// The interval of any proportion.
func ExampleMethod_Interval() {
	i, err := estimate.Wilson.Interval(15, 148, 0.95)
	fmt.Printf("%.4f to %.4f %v\n", i.Low, i.High, err)
	_, err = estimate.Wilson.Interval(0, 0, 0.95)
	fmt.Println(err)
	// Output:
	// 0.0624 to 0.1605 <nil>
	// invalid: trials "0": an interval of nothing is undefined (no-data)
}

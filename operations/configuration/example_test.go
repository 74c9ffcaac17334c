package configuration_test

import (
	"fmt"
	"strings"

	"github.com/servicecoin/servicecoin/operations/configuration"
)

func ExampleCompare() {
	desired, err := configuration.Parse([]byte(`{"replicas": 2, "image": "shop:1.4", "debug": null}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	observed, err := configuration.Parse([]byte(`{"image": "shop:1.5", "replicas": 2.0, "uid": "4711"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range configuration.Compare(desired, observed) {
		fmt.Println(strings.TrimSpace(fmt.Sprint(d.Path, " ", d.Kind, " ", d.Desired, " ", d.Observed)))
	}
	// Output:
	// /debug missing null
	// /image changed "shop:1.4" "shop:1.5"
	// /uid unexpected  "4711"
}

func ExampleRules_Compile() {
	tcp := configuration.TextOf("TCP")
	comparer, err := configuration.Rules{List: []configuration.Rule{
		{Path: "/ports", Key: []configuration.KeyField{{Name: "port"}, {Name: "protocol", Default: "TCP"}}},
		{Path: "/ports/*/protocol", Default: tcp},
		{Path: "/cpu", Units: configuration.KubernetesUnits()},
		{Path: "/status", Ignore: true},
	}}.Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	var desired, observed configuration.Value
	for into, text := range map[*configuration.Value]string{
		&desired:  `{"cpu": "500m", "ports": [{"port": 443}, {"port": 443, "protocol": "UDP"}]}`,
		&observed: `{"cpu": 0.5, "ports": [{"port": 443, "protocol": "TCP"}], "status": {"ready": true}}`,
	} {
		if *into, err = configuration.Parse([]byte(text)); err != nil {
			fmt.Println(err)
			return
		}
	}
	list, err := comparer.Compare(desired, observed)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range list {
		fmt.Println(d.Path, d.Kind, d.Desired)
	}
	// Output: /ports/443,UDP missing {"port":443,"protocol":"UDP"}
}

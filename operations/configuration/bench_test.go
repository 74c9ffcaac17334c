package configuration_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/operations/configuration"
)

const benchRecords = 10_000

// record is a record of 50 attributes, eight of them inside of objects, six in a list.
func record(n, drift int) string {
	var b strings.Builder
	b.WriteString(`{"id":"machine-` + strconv.Itoa(n) + `"`)
	for i := range 35 {
		switch value := i * (n + 1); {
		case i%5 == 0:
			fmt.Fprintf(&b, `,"attribute%02d":%d.50`, i, value)
		case i%7 == 0:
			fmt.Fprintf(&b, `,"attribute%02d":%t`, i, value%2 == 0)
		default:
			fmt.Fprintf(&b, `,"attribute%02d":"value %d of attribute %d"`, i, value, i)
		}
	}
	fmt.Fprintf(&b, `,"network":{"name":"n%d","mtu":1500,"gateway":"10.0.0.1","limits":{"cpu":"500m","memory":"1Gi","pods":%d,"disk":null}}`, n, 100+drift)
	fmt.Fprintf(&b, `,"ports":[{"port":443,"name":"https"},{"port":80,"name":"http"},{"port":%d,"name":"admin"}]}`, 8080+drift)
	return b.String()
}

// plain is how differences of decoded values are found without any of it: the paths
// that differ.
func plain(desired, observed any, path []byte, found []string) []string {
	switch d := desired.(type) {
	case map[string]any:
		o, ok := observed.(map[string]any)
		if !ok {
			return append(found, string(path))
		}
		both := 0
		for name, value := range d {
			at := append(append(path, '/'), name...)
			if other, ok := o[name]; ok {
				both++
				found = plain(value, other, at, found)
			} else {
				found = append(found, string(at))
			}
		}
		if both == len(o) {
			return found
		}
		for name := range o {
			if _, ok := d[name]; !ok {
				found = append(found, string(append(append(path, '/'), name...)))
			}
		}
		return found
	case []any:
		o, ok := observed.([]any)
		if !ok {
			return append(found, string(path))
		}
		for n := range max(len(d), len(o)) {
			at := strconv.AppendInt(append(path, '/'), int64(n), 10)
			if n < len(d) && n < len(o) {
				found = plain(d[n], o[n], at, found)
			} else {
				found = append(found, string(at))
			}
		}
		return found
	}
	if desired != observed {
		return append(found, string(path))
	}
	return found
}

// BenchmarkDrift compares 10,000 records of 50 attributes, a tenth of which drifted:
// values that are read already, beside a plain comparison of what encoding/json decodes.
func BenchmarkDrift(b *testing.B) {
	values, decoded := [2][]configuration.Value{}, [2][]any{}
	for n := range benchRecords {
		for side := range 2 {
			drift := 0
			if side == 1 && n%10 == 0 {
				drift = 1
			}
			text := record(n, drift)
			values[side] = append(values[side], parse(b, text))
			var v any
			d := json.NewDecoder(bytes.NewReader([]byte(text)))
			d.UseNumber()
			require.NoError(b, d.Decode(&v))
			decoded[side] = append(decoded[side], v)
		}
	}
	const want = benchRecords / 10 * 2
	b.Run("compare", func(b *testing.B) {
		for b.Loop() {
			found := 0
			for n := range benchRecords {
				found += len(configuration.Compare(values[0][n], values[1][n]))
			}
			if found != want {
				b.Fatal(found)
			}
		}
	})
	rules := compile(b, key("/ports", "name"), configuration.Rule{Path: "/network/limits/*", Units: configuration.KubernetesUnits()},
		configuration.Rule{Path: "/status", Ignore: true}, configuration.Rule{Path: "/metadata/uid", Ignore: true},
		configuration.Rule{Path: "/ports/*/protocol", Default: configuration.TextOf("TCP")})
	b.Run("rules", func(b *testing.B) {
		for b.Loop() {
			found := 0
			for n := range benchRecords {
				list, err := rules.Compare(values[0][n], values[1][n])
				if err != nil {
					b.Fatal(err)
				}
				found += len(list)
			}
			if found != want {
				b.Fatal(found)
			}
		}
	})
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			found, path := 0, make([]byte, 0, 100)
			for n := range benchRecords {
				found += len(plain(decoded[0][n], decoded[1][n], path, nil))
			}
			if found != want {
				b.Fatal(found)
			}
		}
	})
	b.Run("read and compare", func(b *testing.B) {
		texts := [2][][]byte{}
		for n := range benchRecords {
			texts[0], texts[1] = append(texts[0], []byte(record(n, 0))), append(texts[1], []byte(record(n, n%2)))
		}
		for b.Loop() {
			for n := range benchRecords {
				x, err := configuration.Parse(texts[0][n])
				if err != nil {
					b.Fatal(err)
				}
				y, err := configuration.Parse(texts[1][n])
				if err != nil {
					b.Fatal(err)
				}
				if len(configuration.Compare(x, y)) != n%2*2 {
					b.Fatal(n)
				}
			}
		}
	})
}

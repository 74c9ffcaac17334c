package release

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
)

// How results are packed.
const (
	packedAt   = 80 << 10 // bytes at which a part is full
	mostOne    = 20 << 10 // bytes of one result
	mostWhole  = 1 << 20  // results of a part
	mostUnpack = 64 << 20 // bytes of a part, unpacked
)

// pack writes results as parts of lines in JSON, each packed for itself.
func pack(results iter.Seq[*TestResult]) (parts [][]byte, counts TestCounts, wholes int, err error) {
	var v servicecoin.Violations
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	n := 0
	end := func() error {
		if err := w.Close(); err != nil {
			return err
		}
		parts = append(parts, bytes.Clone(out.Bytes()))
		out.Reset()
		w.Reset(&out)
		return nil
	}
	for r := range results {
		fit := r.fit()
		if fit.check(&v, fmt.Sprintf("results[%d]", n)); v.Len() > 0 {
			return nil, counts, 0, v.Err()
		}
		if n++; n > mostResults {
			v.Limit("results", n, mostResults)
			return nil, counts, 0, v.Err()
		}
		if fit.Whole {
			wholes++
		} else {
			counts.add(fit.Outcome)
		}
		line, err := json.Marshal(&fit)
		if err != nil {
			return nil, counts, 0, err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return nil, counts, 0, err
		}
		if out.Len() >= packedAt {
			if err := end(); err != nil {
				return nil, counts, 0, err
			}
			if len(parts) > mostParts {
				v.Limit("results", len(parts), mostParts)
				return nil, counts, 0, v.Err()
			}
		}
	}
	return parts, counts, wholes, end()
}

// fit is the result as it is kept: long texts are cut, so that there is room for each.
func (r *TestResult) fit() TestResult {
	x := *r
	for _, text := range []*string{&x.Suite, &x.Package, &x.Class, &x.Name, &x.Message} {
		*text = cutText(strings.ToValidUTF8(*text, "\uFFFD"), mostTestText)
	}
	if !x.At.IsZero() {
		x.At = servicecoin.Instant(x.At)
	}
	x.Properties = nil
	size := 0
	for _, p := range r.Properties {
		p = cutText(strings.ToValidUTF8(p, "\uFFFD"), mostTestText)
		if size += len(p); size > mostOne/2 || len(x.Properties) == mostTestProperties {
			break
		}
		x.Properties = append(x.Properties, p)
	}
	return x
}

// cutText shortens a text to a number of bytes, between characters.
func cutText(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// unpack calls do for each result of a part; the value is used again for the next one.
func unpack(body []byte, do func(r *TestResult)) error {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return err
	}
	d := json.NewDecoder(io.LimitReader(z, mostUnpack))
	for {
		var r TestResult
		if err := d.Decode(&r); errors.Is(err, io.EOF) {
			return z.Close()
		} else if err != nil {
			return err
		}
		do(&r)
	}
}

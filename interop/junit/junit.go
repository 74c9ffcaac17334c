// Package junit reads reports of test runs as people's tools really write them: JUnit XML
// in all its dialects, go test -json, TAP 12 to 14, and CTRF.
//
// [Read] finds out by the content which form a report has, and answers: which tests ran,
// where they belong, and what came of each; which suites failed as a whole, though none of
// their tests did; whether the run came to its end; what the report says of itself that is
// not so; and which bytes that was read from. What cannot be read, or is cut off in the
// middle of a document, is an error; what can be read and looks wrong is a [Complaint].
//
// Nothing reads as passed that did not pass: a run without tests has no results, a test
// that began and did not end failed, and a word for an outcome that is not known is
// [Other].
package junit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// Limits of a report.
const (
	MaxBytes      = 512 << 20 // of a report, where [Options] does not say
	MaxCases      = 1_000_000 // of a report, where [Options] does not say
	MaxComplaints = 100       // that are listed; the rest is counted
	MaxName       = 1000      // bytes of a name; a longer one is cut and told apart by a digest of the whole
	MaxMessage    = 2000      // bytes of a message; a longer one is cut
	MaxProperties = 200       // of a case, a suite or a run; the rest is left out
	MaxDepth      = 100       // suites within suites
)

// Options are what a reader may be told.
type Options struct {
	Bytes int64 // of a report at most; 0: [MaxBytes]
	Cases int   // of a report at most; 0: [MaxCases]
}

// ErrNoReport says that something is no report of a form that is known: a log, a
// configuration, a report of coverage.
var ErrNoReport = errors.New("is no test report of a known form")

// Read reads a report of any form. Its error is [ErrNoReport], wrapped with what was seen
// instead, an [*servicecoin.InvalidError] that names the line for a report that cannot be
// read to its end, or that of the reader.
func Read(from io.Reader, o *Options) (*Report, error) {
	if o == nil {
		o = &Options{}
	}
	in := &source{r: from, most: o.Bytes, digest: sha256.New()}
	if in.most <= 0 {
		in.most = MaxBytes
	}
	text, err := decoded(in)
	if err != nil {
		return nil, err
	}
	c := &collector{most: o.Cases}
	if c.most <= 0 {
		c.most = MaxCases
	}
	b := bufio.NewReaderSize(text, buffer)
	c.Form, err = detect(b, c)
	if err != nil {
		return nil, err
	}
	switch c.Form {
	case JUnit:
		err = readXML(b, c)
	case GoTest:
		err = readGoTest(b, c)
	case TAP:
		err = readTAP(b, c)
	case CTRF:
		err = readCTRF(b, c)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, b) // to the end, for the digest
	}
	if err != nil {
		return nil, err
	}
	c.Digest, c.Size = hex.EncodeToString(in.digest.Sum(nil)), in.n
	return c.done(), nil
}

const buffer = 64 << 10

// source counts and digests the bytes as they are, and ends a report that is too long.
type source struct {
	r      io.Reader
	n      int64
	most   int64
	digest hash.Hash
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.digest.Write(p[:n])
	s.n += int64(n)
	if s.n > s.most {
		var v servicecoin.Violations
		v.Add("", "too-long", "", fmt.Sprintf("has more than the %d bytes that are allowed", s.most))
		return n, v.Err()
	}
	return n, err
}

// detect finds the form by the first line that tells, and leaves out what a shell or a
// build wrote before it.
func detect(b *bufio.Reader, c *collector) (Form, error) {
	head, err := b.Peek(buffer)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return "", err
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return "", fmt.Errorf("%w: there is nothing in it", ErrNoReport)
	}
	seen := ""
	for at, rest := 0, head; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		text := bytes.TrimSpace(line)
		form, why := formOf(text, rest)
		if form != "" {
			if at > 0 && (form == JUnit || form == CTRF) {
				if _, err := b.Discard(at); err != nil {
					return "", err
				}
				c.line = bytes.Count(head[:at], []byte("\n"))
				if len(bytes.TrimSpace(head[:at])) > 0 {
					c.complain(1, CodeNoise, "text before the report is left out")
				}
			}
			return form, nil
		}
		if seen == "" {
			seen = why
		}
		if other := rootOf(rest); other != "" && len(text) > 0 && text[0] == '<' && (bytes.HasPrefix(text, []byte("<?xml")) || bytes.Contains(rest, []byte("</"+other+">"))) {
			break // what lies in a document of another kind is no report
		}
		at, rest = at+len(rest)-len(after), after
	}
	if seen == "" {
		seen = "text"
	}
	return "", fmt.Errorf("%w: it is %s", ErrNoReport, seen)
}

// formOf says which form begins with a line, or what it looks like instead.
func formOf(line, rest []byte) (form Form, otherwise string) {
	switch {
	case len(line) == 0:
	case line[0] == '<':
		name := rootOf(rest)
		switch name {
		case "testsuites", "testsuite", "testrun":
			return JUnit, ""
		case "":
			return "", "text"
		}
		return "", "XML of another kind: <" + name + ">"
	case line[0] == '{':
		if isGoTest(line) {
			return GoTest, ""
		}
		head := rest[:min(len(rest), buffer)]
		if bytes.Contains(head, []byte(`"results"`)) && (bytes.Contains(head, []byte(`"tool"`)) || bytes.Contains(head, []byte(`"tests"`)) || bytes.Contains(head, []byte(`"CTRF"`))) {
			return CTRF, ""
		}
		return "", "JSON of another kind"
	case line[0] == '[':
		return "", "JSON of another kind"
	default:
		if beginsTAP(line, rest) {
			return TAP, ""
		}
	}
	return "", ""
}

// rootOf returns the local name of the first element of XML, "" if it is none.
func rootOf(text []byte) string {
	for {
		text = bytes.TrimLeft(text, " \t\r\n")
		switch {
		case bytes.HasPrefix(text, []byte("<!--")):
			_, after, found := bytes.Cut(text, []byte("-->"))
			if !found {
				return ""
			}
			text = after
		case bytes.HasPrefix(text, []byte("<?")), bytes.HasPrefix(text, []byte("<!")):
			_, after, found := bytes.Cut(text, []byte(">"))
			if !found {
				return ""
			}
			// What a DOCTYPE declares is refused by the reader; here only its root counts.
			if open := bytes.IndexByte(text, '['); open >= 0 && open < len(text)-len(after) {
				if _, after, found = bytes.Cut(text, []byte("]>")); !found {
					return ""
				}
			}
			text = after
		case bytes.HasPrefix(text, []byte("<")):
			end := bytes.IndexAny(text, " \t\r\n/>")
			if end < 0 {
				return ""
			}
			return local(string(text[1:end]))
		default:
			return ""
		}
	}
}

// local is a name without its prefix.
func local(name string) string {
	if n := strings.LastIndexByte(name, ':'); n >= 0 {
		return name[n+1:]
	}
	return name
}

// wrong is an error at a line.
func wrong(line int, code, text string) error {
	var v servicecoin.Violations
	v.Add(fmt.Sprintf("line %d", line), code, "", text)
	return v.Err()
}

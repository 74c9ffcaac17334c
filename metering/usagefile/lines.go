package usagefile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/servicecoin/servicecoin"
)

// lines are those of a file that have something in them.
type lines struct {
	r      *bufio.Reader
	most   int64 // bytes
	read   int64
	number int
	held   *line // was looked at, and comes again
	fault  error // that came with it
}

// line is one of them, without its end.
type line struct {
	text   []byte // holds until the next line
	number int    // from 1
	long   bool   // it is longer than is read
}

func newLines(r io.Reader, most int64) *lines {
	if most <= 0 {
		most = MaxBytes
	}
	return &lines{r: bufio.NewReaderSize(io.LimitReader(r, most+1), MaxLine+2), most: most} // with its end
}

// begin takes a byte order mark away, and refuses that of another encoding.
func (l *lines) begin() error {
	const mark = 3
	start, _ := l.r.Peek(mark) // an error comes again where it is read
	switch {
	case bytes.Equal(start, []byte("\ufeff")):
		_, _ = l.r.Discard(mark) // was looked at just now
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}), bytes.HasPrefix(start, []byte{0xfe, 0xff}), bytes.HasPrefix(start, []byte("PK\x03")):
		var v servicecoin.Violations
		v.Add("line 1", "bad-text", "", "must be text in UTF-8: the file begins as UTF-16 or a spreadsheet does; save it as CSV in UTF-8")
		return v.Err()
	}
	return nil
}

// peek returns the first byte of the next line that has one, 0 at the end.
func (l *lines) peek() byte {
	next, err := l.next()
	next.text = bytes.Clone(next.text)
	l.held, l.fault = &next, err
	if begin := bytes.TrimLeft(next.text, " \t"); len(begin) > 0 {
		return begin[0]
	}
	return 0
}

// next returns the next line that is not blank.
func (l *lines) next() (line, error) {
	if l.held != nil {
		held := *l.held
		l.held = nil
		return held, l.fault
	}
	for {
		text, err := l.r.ReadSlice('\n')
		if len(text) == 0 && err != nil {
			return line{}, err //nolint:wrapcheck // that of the file
		}
		l.number++
		l.read += int64(len(text))
		found := line{text: bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r")), number: l.number}
		for errors.Is(err, bufio.ErrBufferFull) {
			found.long, found.text = true, nil
			text, err = l.r.ReadSlice('\n')
			l.read += int64(len(text))
		}
		if l.read > l.most {
			return line{}, l.over() // it may be cut off
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return line{}, err //nolint:wrapcheck // that of the file
		}
		found.long = found.long || len(found.text) > MaxLine
		if found.long || len(bytes.TrimSpace(found.text)) > 0 {
			return found, nil
		}
	}
}

func (l *lines) over() error {
	var v servicecoin.Violations
	v.Add("", "too-long", "", fmt.Sprintf("has more than %d bytes", l.most))
	return v.Err()
}

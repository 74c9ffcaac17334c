package junit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// token is a piece of XML.
type token int

const (
	tokenStart token = iota
	tokenEnd
	tokenText
	tokenEOF
)

// attribute is a name with a value; of a long value the beginning.
type attribute struct{ name, value string }

// scanner reads XML piece by piece. It takes what the standard's parser refuses and tools
// write all the same: control characters, ampersands that begin no reference, names in any
// character. It declares no entities and reads nothing from elsewhere.
type scanner struct {
	b       *bufio.Reader
	line    int
	name    string // of a start or an end
	attrs   []attribute
	text    []byte
	keep    int  // how much of texts is kept; 0: they are skipped
	single  bool // one byte is one character: Latin 1
	odd     func(line int, code, text string)
	buf     []byte
	names   map[string]string
	pending bool // the start was its own end, which comes next
}

const (
	maxTag   = 200      // bytes of the name of an element or an attribute
	maxValue = 64 << 10 // bytes of an attribute that are kept
	maxAttrs = 100      // of an element
)

func (s *scanner) wrong(text string) error { return wrong(s.line, "bad-xml", text) }

func (s *scanner) byte() (byte, error) {
	c, err := s.b.ReadByte()
	if c == '\n' && err == nil {
		s.line++
	}
	return c, err
}

func (s *scanner) must() (byte, error) {
	c, err := s.byte()
	if errors.Is(err, io.EOF) {
		return 0, s.wrong("ends in the middle")
	}
	return c, err
}

// next reads the next piece.
func (s *scanner) next() (token, error) {
	if s.pending {
		s.pending = false
		return tokenEnd, nil
	}
	s.text = s.text[:0]
	for {
		found, err := s.upTo()
		switch {
		case errors.Is(err, io.EOF):
			if len(bytes.TrimSpace(s.text)) > 0 {
				return tokenText, nil
			}
			return tokenEOF, nil
		case err != nil:
			return 0, err
		case found:
			return tokenText, nil
		}
		c, err := s.must()
		if err != nil {
			return 0, err
		}
		switch c {
		case '?':
			if err := s.instruction(); err != nil {
				return 0, err
			}
		case '!':
			if err := s.declaration(); err != nil {
				return 0, err
			}
			if s.keep > 0 && len(s.text) > 0 {
				return tokenText, nil // as it stands: CDATA has no references
			}
		case '/':
			return tokenEnd, s.end()
		default:
			return tokenStart, s.start(c)
		}
	}
}

// upTo reads text up to the next markup, whose < it consumes. It reports whether there is
// text to be told, in which case the < waits.
func (s *scanner) upTo() (bool, error) {
	for {
		part, err := s.b.ReadSlice('<')
		s.line += bytes.Count(part, []byte("\n"))
		piece := part
		if err == nil {
			piece = part[:len(part)-1]
		}
		if s.keep > 0 {
			s.text = append(s.text, piece[:min(len(piece), max(0, s.keep-len(s.text)))]...)
		} else if len(s.text) == 0 && len(bytes.TrimSpace(piece)) > 0 {
			s.text = append(s.text, '.')
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return false, err
		}
		if s.keep > 0 && len(s.text) > 0 {
			s.text = s.references(s.text)
			return true, s.b.UnreadByte()
		}
		return false, nil
	}
}

// instruction skips <?…?>, and heeds the encoding that is declared.
func (s *scanner) instruction() error {
	var head []byte
	for last := byte(0); ; {
		c, err := s.must()
		if err != nil {
			return err
		}
		if c == '>' && last == '?' {
			break
		}
		if len(head) < maxTag {
			head = append(head, c)
		}
		last = c
	}
	text := strings.ToLower(string(head))
	_, after, found := strings.Cut(text, "encoding")
	if !strings.HasPrefix(text, "xml") || !found {
		return nil
	}
	name := strings.Trim(strings.TrimLeft(after, " \t\r\n="), "?")
	if name != "" && (name[0] == '"' || name[0] == '\'') {
		name, _, _ = strings.Cut(name[1:], name[:1])
	}
	switch name {
	case "iso-8859-1", "iso-8859-15", "latin1", "windows-1252", "cp1252":
		s.single = true
	case "", "utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be": // UTF-16 is UTF-8 by now
	default:
		s.odd(s.line, CodeName, fmt.Sprintf("the encoding %q is not known: it is read as UTF-8", cut(name, maxTag)))
	}
	return nil
}

// declaration skips a comment or a DOCTYPE, and reads CDATA. A DOCTYPE that declares
// anything is refused.
func (s *scanner) declaration() error {
	head, err := s.b.Peek(len("[CDATA["))
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case bytes.HasPrefix(head, []byte("--")):
		return s.skip("-->", 2, nil)
	case bytes.HasPrefix(head, []byte("[CDATA[")):
		return s.skip("]]>", len("[CDATA["), func(c byte) {
			if len(s.text) < s.keep {
				s.text = append(s.text, c)
			}
		})
	}
	for {
		c, err := s.must()
		switch {
		case err != nil:
			return err
		case c == '[':
			return wrong(s.line, "not-allowed", "a DOCTYPE must declare nothing")
		case c == '>':
			return nil
		}
	}
}

// skip reads up to an end, after a beginning.
func (s *scanner) skip(end string, begin int, each func(c byte)) error {
	if _, err := s.b.Discard(begin); err != nil {
		return err
	}
	window := make([]byte, 0, len(end))
	for {
		c, err := s.must()
		if err != nil {
			return err
		}
		if len(window) == len(end) {
			if each != nil {
				each(window[0])
			}
			window = append(window[:0], window[1:]...)
		}
		window = append(window, c)
		if string(window) == end {
			return nil
		}
	}
}

// tag reads the rest of a name, and returns the character after it.
func (s *scanner) tag(first byte) (name string, after byte, err error) {
	s.buf = s.buf[:0]
	c := first
	for !space(c) && c != '/' && c != '>' && c != '=' {
		if len(s.buf) == maxTag {
			return "", 0, s.wrong("a name of an element is too long")
		}
		s.buf = append(s.buf, c)
		if c, err = s.must(); err != nil {
			return "", 0, err
		}
	}
	if len(s.buf) == 0 {
		return "", 0, s.wrong("a name of an element is missing: < in a text must be &lt;")
	}
	if n := bytes.LastIndexByte(s.buf, ':'); n >= 0 && n+1 < len(s.buf) {
		s.buf = append(s.buf[:0], s.buf[n+1:]...)
	}
	if known, ok := s.names[string(s.buf)]; ok {
		return known, c, nil
	}
	const most = 1000
	name = string(s.buf)
	if s.names == nil {
		s.names = map[string]string{}
	}
	if len(s.names) < most {
		s.names[name] = name
	}
	return name, c, nil
}

func (s *scanner) end() error {
	c, err := s.must()
	if err != nil {
		return err
	}
	if s.name, c, err = s.tag(c); err != nil {
		return err
	}
	for space(c) {
		if c, err = s.must(); err != nil {
			return err
		}
	}
	if c != '>' {
		return s.wrong("an end must be closed by >")
	}
	return nil
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func (s *scanner) start(c byte) error {
	name, c, err := s.tag(c)
	if err != nil {
		return err
	}
	s.name, s.attrs = name, s.attrs[:0]
	for {
		for space(c) {
			if c, err = s.must(); err != nil {
				return err
			}
		}
		switch c {
		case '>':
			return nil
		case '/':
			if c, err = s.must(); err != nil {
				return err
			}
			if c != '>' {
				return s.wrong("an element must be closed by />")
			}
			s.pending = true
			return nil
		}
		if c, err = s.attribute(c); err != nil {
			return err
		}
	}
}

// attribute reads an attribute, and returns the character after it.
func (s *scanner) attribute(c byte) (byte, error) {
	name, c, err := s.tag(c)
	if err != nil {
		return 0, err
	}
	for space(c) {
		if c, err = s.must(); err != nil {
			return 0, err
		}
	}
	if c != '=' {
		return 0, s.wrong(fmt.Sprintf("the attribute %q must have a value", name))
	}
	if c, err = s.must(); err != nil {
		return 0, err
	}
	for space(c) {
		if c, err = s.must(); err != nil {
			return 0, err
		}
	}
	if c != '"' && c != '\'' {
		return 0, s.wrong(fmt.Sprintf("the value of %q must stand in quotes", name))
	}
	s.buf = s.buf[:0]
	for {
		part, err := s.b.ReadSlice(c)
		s.line += bytes.Count(part, []byte("\n"))
		s.buf = append(s.buf, part[:min(len(part), max(0, maxValue-len(s.buf)))]...)
		if err == nil {
			if n := len(s.buf); n > 0 && s.buf[n-1] == c {
				s.buf = s.buf[:n-1]
			}
			break
		}
		switch {
		case errors.Is(err, io.EOF):
			return 0, s.wrong("ends in the middle")
		case !errors.Is(err, bufio.ErrBufferFull):
			return 0, err
		}
	}
	if len(s.attrs) == maxAttrs {
		return 0, s.wrong(fmt.Sprintf("an element has more than %d attributes", maxAttrs))
	}
	s.buf = s.references(s.buf)
	s.attrs = append(s.attrs, attribute{name, s.string(s.buf)})
	return s.must()
}

// attr returns an attribute, by any of its names.
func (s *scanner) attr(names ...string) string {
	for _, name := range names {
		for n := range s.attrs {
			if s.attrs[n].name == name {
				return s.attrs[n].value
			}
		}
	}
	return ""
}

// string makes a text of bytes, which are UTF-8 or else Latin 1.
func (s *scanner) string(b []byte) string {
	if !s.single || utf8.Valid(b) && !bytes.ContainsFunc(b, func(c rune) bool { return c >= utf8.RuneSelf }) {
		return string(b)
	}
	var out strings.Builder
	for _, c := range b {
		out.WriteRune(latin(c))
	}
	return out.String()
}

// latin is a character of Windows 1252, which is Latin 1 but for 32 of them.
func latin(c byte) rune {
	const first, high = 0x80, "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"
	if c >= first && c < first+0x20 {
		return []rune(high)[c-first]
	}
	return rune(c)
}

// references puts the characters for references, in place: they are never longer.
func (s *scanner) references(b []byte) []byte {
	at := bytes.IndexByte(b, '&')
	if at < 0 {
		return b
	}
	out := b[:at]
	for n := at; n < len(b); {
		if b[n] != '&' {
			out = append(out, b[n])
			n++
			continue
		}
		const longest = 12
		end := bytes.IndexByte(b[n:min(len(b), n+longest)], ';')
		if end > 0 {
			if c, ok := reference(string(b[n+1 : n+end])); ok {
				if s.single && c >= utf8.RuneSelf { // these bytes are read as Latin 1
					if c > 0xff {
						c = '?'
					}
					out = append(out, byte(c))
				} else {
					out = utf8.AppendRune(out, c)
				}
				n += end + 1
				continue
			}
			s.odd(s.line, CodeEntity, fmt.Sprintf("the reference %q means nothing, and stays as it is", b[n:n+end+1]))
		}
		out = append(out, '&')
		n++
	}
	return out
}

func reference(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return 0, false
	}
	if n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
		return utf8.RuneError, true
	}
	return rune(n), true
}

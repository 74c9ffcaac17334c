package documents

import (
	"errors"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// placed says where an error of the library is, which it does not for bytes that are no
// text.
func placed(text []byte, err error) error {
	fault, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		return invalid("line 1, column 1", "syntax", "", "is no YAML: "+unquoted(err.Error()))
	}
	if fault.Mark.Line > 0 {
		return invalid(place(fault.Mark.Line, fault.Mark.Column), "syntax", "", "is no YAML: "+unquoted(fault.Message))
	}
	line, column := 1, 1
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			break
		}
		if column++; r == '\n' {
			line, column = line+1, 1
		}
		text = text[n:]
	}
	return invalid(place(line, column), "bad-text", "", "is no YAML: "+unquoted(fault.Message))
}

// unquoted leaves out what a message of the library quotes of the file: a password that
// begins with an asterisk is an unknown alias.
func unquoted(message string) string {
	const marks = "'\"`"
	begin := strings.IndexAny(message, marks)
	if begin < 0 {
		return message
	}
	end := strings.LastIndexAny(message, marks)
	return message[:begin] + "…" + message[end+1:]
}

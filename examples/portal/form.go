package main

import (
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// form reads the fields of a request and gathers what is wrong with them.
//
// Where a form comes to nothing, its page is shown again, with what was typed and
// with every sentence at the field that it is about:
//
//	v.again(f, err)               // the only form of its page
//	v.againIn("note", f, err)     // one of several
//
// In the template every input then gets its id, its name, and what is wrong with it:
//
//	<div><label>Began<input type="datetime-local" {{field . "began"}} value="{{sent . "began" ""}}"></label>
//	{{template "field-error" (dict "Page" . "Name" "began")}}</div>
//
// A group of boxes or buttons has it on its fieldset: <fieldset {{group . "effects"}}>.
// With several forms on a page the last argument names the form: {{field . "text" "note"}},
// {{sent . "text" "" "note"}}, {{template "field-error" (dict "Page" . "Name" "text" "Form" "note")}}.
// A rule whose path is not the name of an input is led to one with form.at.
type form struct {
	r     *http.Request
	bad   servicecoin.Violations
	names map[string]string // by the path of a rule: the input that it is about
}

// at says that what a rule says of path stands at the input of that name.
func (f *form) at(path, name string) {
	if f.names == nil {
		f.names = map[string]string{}
	}
	f.names[path] = name
}

// nameOf returns the input that a path is about: the whole path, or the longest
// beginning of it that an input or a call of at knows. "" is none.
func (f *form) nameOf(path string) string {
	for path != "" {
		if name, known := f.names[path]; known {
			return name
		}
		if _, given := f.r.Form[path]; given {
			return path
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return ""
}

// attempt is a form that came to nothing, as its page shows it again.
type attempt struct {
	form  string              // which one of the page; "" if there is only one
	sent  map[string][]string // what was typed
	wrong map[string][]string // by field: what is wrong with it
}

// problemLine is a line of what a page says went wrong.
type problemLine struct {
	Text string
	To   string // the id of the field that it is about; "": none
}

// again shows the form of a page once more.
func (v *page) again(f *form, err error) { v.againIn("", f, err) }

// againIn shows one of the forms of a page once more.
func (v *page) againIn(form string, f *form, err error) {
	v.Problem, v.Problems = inWords(err)
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	if f == nil {
		return
	}
	v.attempt = attempt{form: form, sent: f.r.Form, wrong: map[string][]string{}}
	if !ok {
		return
	}
	v.Lines = nil
	for i, x := range invalid.Violations {
		line := problemLine{Text: v.Problems[i]}
		if name := f.nameOf(x.Path); name != "" {
			line.To = fieldID(form, name)
			v.wrong[name] = append(v.wrong[name], wrongWords(x))
		}
		v.Lines = append(v.Lines, line)
	}
}

// wrongWords is a violation as a sentence below its field.
func wrongWords(x servicecoin.Violation) string {
	text := sentence(x.Text)
	if x.Value != "" {
		text = "“" + x.Value + "” " + x.Text
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

// attempted is every page: what a form of it came to.
type attempted interface{ tried(form string) attempt }

// wasTried reports whether a form of the page came to nothing.
func wasTried(v attempted, form ...any) bool { return v.tried(formName(form)).sent != nil }

func (a attempt) tried(form string) attempt {
	if a.form != form {
		return attempt{}
	}
	return a
}

// fieldID makes the id of an input of its form and name, out of signs that mean
// the same in a page and in an address.
func fieldID(form, name string) string {
	if form != "" {
		form += "-"
	}
	b := []byte("f-")
	for _, c := range []byte(form + name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-':
			b = append(b, c)
		default:
			b = fmt.Appendf(b, "_%02x", c)
		}
	}
	return string(b)
}

// formName reads the last argument of the template functions: none is the only
// form of its page.
func formName(form []any) string {
	if len(form) == 0 || form[0] == nil {
		return ""
	}
	return fmt.Sprint(form[0])
}

// fieldWords are the attributes of an input.
func fieldWords(v attempted, name string, form ...any) template.HTMLAttr {
	which := formName(form)
	text := `id="` + fieldID(which, name) + `" name="` + template.HTMLEscapeString(name) + `"`
	if len(v.tried(which).wrong[name]) > 0 {
		text += fmt.Sprintf(` aria-invalid="true" aria-describedby="e-%s"`, fieldID(which, name))
	}
	return template.HTMLAttr(text) //nolint:gosec // G203: the parts are escaped
}

// groupWords are the attributes of a fieldset, whose inputs have names of their own.
func groupWords(v attempted, name string, form ...any) template.HTMLAttr {
	id := fieldID(formName(form), name)
	text := `id="` + id + `" tabindex="-1"`
	if len(v.tried(formName(form)).wrong[name]) > 0 {
		text += fmt.Sprintf(` aria-describedby="e-%s"`, id)
	}
	return template.HTMLAttr(text) //nolint:gosec // G203: the parts are escaped
}

// fieldError is what is wrong with a field; nil is nothing.
type fieldError struct{ ID, Text string }

func wrongAt(v attempted, name string, form any) *fieldError {
	which := formName([]any{form})
	all := v.tried(which).wrong[name]
	if len(all) == 0 {
		return nil
	}
	return &fieldError{ID: "e-" + fieldID(which, name), Text: strings.Join(all, " ")}
}

// sentWords is what was typed into a field, or else what it begins with.
func sentWords(v attempted, name string, begins any, form ...any) string {
	if all, typed := v.tried(formName(form)).sent[name]; typed && len(all) > 0 {
		return all[0]
	}
	return fmt.Sprint(cmp.Or(begins, any("")))
}

// chosen reports whether a value was among those that were sent for a field, or
// else what it begins with: for boxes, buttons and options.
func chosen(v attempted, name string, value any, begins bool, form ...any) bool {
	t := v.tried(formName(form))
	if t.sent == nil {
		return begins
	}
	for _, x := range t.sent[name] {
		if x == fmt.Sprint(value) {
			return true
		}
	}
	return false
}

// confirmed is the address of a page that says once that something is done: in the
// words that an area has for it.
func confirmed(path, word string) string {
	mark := "?"
	if strings.Contains(path, "?") {
		mark = "&"
	}
	return path + mark + doneParameter + "=" + word
}

// finish ends a form. What a rule refused is shown again, with the reason; what was
// done has its consequences at once, and leads on to the next page.
func (p *portal) finish(w http.ResponseWriter, r *http.Request, err error, next string, again func(error) error) error {
	if errors.Is(err, servicecoin.ErrInvalid) || errors.Is(err, servicecoin.ErrRefused) {
		return again(err)
	}
	if err != nil {
		return err
	}
	p.happened(r.Context())
	seeOther(w, next)
	return nil
}

// formOf reads a form on a page of a customer, and whose it is.
func (p *portal) formOf(r *http.Request) (*form, client, error) {
	f, err := readForm(r)
	if err != nil {
		return nil, client{}, err
	}
	c, err := p.customer(r)
	return f, c, err
}

const doneParameter = "done"

func readForm(r *http.Request) (*form, error) {
	if err := r.ParseForm(); err != nil {
		var v servicecoin.Violations
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			v.Add("", "too-large", "", "the form is larger than 1 MiB")
		} else {
			v.Add("", "bad-form", "", "the form cannot be read: "+err.Error())
		}
		return nil, v.Err()
	}
	return &form{r: r}, nil
}

func (f *form) text(name string) string {
	return strings.TrimSpace(strings.ReplaceAll(f.r.PostForm.Get(name), "\r\n", "\n"))
}

func (f *form) all(name string) []string { return f.r.PostForm[name] }

// lines reads the lines of a text that are not empty, without the spaces around them.
func (f *form) lines(name string) []string {
	var list []string
	for line := range strings.SplitSeq(f.text(name), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// services reads services that are ticked, whether there are any of that id or not.
func (f *form) services(name string) []servicecoin.ServiceID {
	var list []servicecoin.ServiceID
	for _, id := range f.all(name) {
		list = append(list, servicecoin.ServiceID(id))
	}
	return list
}

// wholeTime is what an input of type datetime-local sends.
const wholeTime = "2006-01-02T15:04"

// time reads an instant by a clock, the zero Time for an empty field. One that names its
// offset itself, as programs write them, is what it says.
func (f *form) time(name string, clock *time.Location) time.Time {
	text := f.text(name)
	if text == "" {
		return time.Time{}
	}
	for _, layout := range []string{wholeTime, "2006-01-02T15:04:05", "2006-01-02 15:04", time.RFC3339} {
		if t, err := time.ParseInLocation(layout, text, clock); err == nil {
			return t.UTC()
		}
	}
	f.bad.Add(name, "bad-time", text, "must be a day and a time, as 2026-11-24 09:30")
	return time.Time{}
}

// int reads a whole number, 0 for an empty field.
func (f *form) int(name string) int {
	text := f.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		f.bad.Add(name, "bad-number", text, "must be a whole number")
	}
	return n
}

// err returns all that is wrong: what the fields hold, and what the rules say
// of the rest.
func (f *form) err(rule error) error {
	if rule == nil || !errors.Is(rule, servicecoin.ErrInvalid) {
		return errors.Join(f.bad.Err(), rule)
	}
	f.bad.Merge("", rule)
	return f.bad.Err()
}

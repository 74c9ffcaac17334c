package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/interop/junit"
	"github.com/servicecoin/servicecoin/operations/release"
)

// taking takes reports into a sheet, one after the other.
type taking struct {
	sheet   *release.Sheet
	rules   rules
	version string
	now     time.Time
	fixed   bool // now was given: what ran later does not count
	out     io.Writer
	seen    map[string]string // reports by their digests
	reports int
}

func (t *taking) told(path, text string) { fmt.Fprintf(t.out, "certify: %s: %s\n", path, text) }

// folder takes all files of a folder, in the order of their names, or one file.
func (t *taking) folder(root string) error {
	info, err := os.Stat(root)
	if err != nil {
		return err
	}
	if link, err := os.Lstat(root); err == nil && link.Mode()&os.ModeSymlink != 0 && info.IsDir() {
		root += string(filepath.Separator) // the link itself would not be walked
	}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != root && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case e.IsDir():
			return nil
		}
		info, err := os.Stat(path) // where a link leads to
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			if path != root || !info.IsDir() {
				t.told(path, "is no file, and left out")
				return nil
			}
			return nil
		}
		return t.file(path)
	})
	if err == nil && t.reports == 0 {
		t.told(root, "has no test report")
	}
	return err
}

// file takes a report.
func (t *taking) file(path string) error {
	file, err := os.Open(path) //nolint:gosec // the user names the folder
	if err != nil {
		return err
	}
	defer file.Close()
	r, err := junit.Read(file, nil)
	switch {
	case errors.Is(err, junit.ErrNoReport):
		t.told(path, err.Error()+", and left out")
		return nil
	case err != nil:
		return &fileError{path, err}
	}
	t.reports++
	if first, ok := t.seen[r.Digest]; ok {
		t.told(path, "is the same as "+first+", and left out")
		return nil
	}
	t.seen[r.Digest] = path
	for _, c := range r.Complaints {
		t.told(path, fmt.Sprintf("line %d: %s", c.Line, c.Text))
	}
	if r.More > 0 {
		t.told(path, fmt.Sprintf("and %d more", r.More))
	}
	if r.Incomplete != "" {
		t.told(path, "is incomplete: "+r.Incomplete)
	}
	if len(r.Cases) == 0 {
		t.told(path, "has no tests: it proves nothing")
	}
	later := t.sheet.Later()
	for _, others := range []bool{false, true} {
		run := r.Run()
		if run.Build = t.version; others {
			run.Build = "another version"
		}
		t.sheet.Add(run, func(yield func(*release.TestResult) bool) {
			for x := range r.Results() {
				if t.foreign(x.Properties) != others {
					continue
				}
				if !t.fixed && x.At.After(t.now) {
					x.At = t.now // a clock that is ahead, or a zone that is not told
				}
				if !yield(x) {
					return
				}
			}
		})
	}
	if n := t.sheet.Later() - later; n > 0 {
		t.told(path, fmt.Sprintf("%d results are later than -as-of, and do not count", n))
	}
	return nil
}

// foreign reports whether a result says that it is of another version.
func (t *taking) foreign(properties []string) bool {
	if t.rules.versionProperty == "" {
		return false
	}
	for _, p := range properties {
		if value, ok := strings.CutPrefix(p, t.rules.versionProperty+"="); ok {
			return !sameVersion(value, t.version)
		}
	}
	return false
}

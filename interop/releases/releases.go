// Package releases reads the schedules that projects publish of their releases: which
// lines there are and until when each is supported, which versions came and which are
// planned, the milestones of a cycle, and who was let through a freeze.
//
// It answers: what does the file say, what in it contradicts itself, and what was moved
// between two editions of it ([Moves])?
//
// Each form has a function of its own: [ReadKubernetes], [ReadKubernetesEnds],
// [ReadKubernetesPage] and [ReadKubernetesExceptions], [ReadNode], [ReadOpenStackCycle],
// [ReadOpenStackDeliverable] and [ReadOpenStackSeries], [ReadUbuntu], [ReadEndOfLife].
// All return a [Schedule], which holds what the form has, in the order of the file, with
// versions and names as they are written: 1.20 is not 1.2.
//
// Days have no zone, since the files name none; the day of an end is the last one.
//
// # Errors
//
// What cannot be read is an [*servicecoin.InvalidError] whose paths name the line and the
// place in the document. What can be read and is odd is a [Complaint].
package releases

import (
	"time"

	"github.com/servicecoin/servicecoin/calendar"
)

// MaxBytes is how long a file may be.
const MaxBytes = 1 << 20

// MaxComplaints is how many complaints a schedule lists; the last one then says how many
// more there are.
const MaxComplaints = 100

// Schedule is what a file says.
type Schedule struct {
	Title      string      `json:"title,omitempty"` // what the schedule is of, where the file says
	Lines      []Line      `json:"lines,omitempty"`
	Milestones []Milestone `json:"milestones,omitempty"`
	Exceptions []Exception `json:"exceptions,omitempty"`
	Complaints []Complaint `json:"complaints,omitempty"`
}

// Line is a release line, a branch or a series.
type Line struct {
	Name     string `json:"name"` // as written: 1.27, v14, 24.04, 2024.2
	Codename string `json:"codename,omitempty"`
	Status   string `json:"status,omitempty"` // the file's own word: "maintained", "end of life"

	Created     calendar.Date `json:"created,omitzero"` // work on it began
	Released    calendar.Date `json:"released,omitzero"`
	LongTerm    When          `json:"longTerm,omitzero"`    // from then on it is supported for long, or whether it is
	Active      When          `json:"active,omitzero"`      // the last day of active support
	Maintenance When          `json:"maintenance,omitzero"` // the first day on which only fixes are taken
	End         When          `json:"end,omitzero"`         // the last day of support
	Ends        []Ending      `json:"ends,omitempty"`       // further ends: of paid support, of one edition
	Next        *Phase        `json:"next,omitempty"`       // what comes then, where the file says

	Final    string    `json:"final,omitempty"` // the last version, of a line that is out of support; else the newest
	Releases []Release `json:"releases,omitempty"`
	Note     string    `json:"note,omitempty"`
	At       int       `json:"at"` // the line of the file, from 1
}

// When is a day as these files give it: a day, or only that something is so or is not.
// The zero value says nothing.
type When struct {
	Date calendar.Date `json:"date,omitzero"`
	Yes  bool          `json:"yes,omitempty"` // it is so, since a day that is not known
	No   bool          `json:"no,omitempty"`  // it is not so yet, or never will be
}

// Ending is a further end of support.
type Ending struct {
	Name string `json:"name"` // as the file names it: eol-esm, eoes
	When When   `json:"when"`
}

// Phase is a status that a line is going to have.
type Phase struct {
	Status string        `json:"status"`
	Date   calendar.Date `json:"date,omitzero"`
}

// Release is a version of a line.
type Release struct {
	Version  string        `json:"version"`
	Deadline calendar.Date `json:"deadline,omitzero"` // the last day on which changes are taken
	Target   calendar.Date `json:"target,omitzero"`   // the day of the release, promised or real
	Planned  bool          `json:"planned,omitempty"` // the file has it among those to come
	Ends     bool          `json:"ends,omitempty"`    // it is the mark of the line's end, and no release
	Note     string        `json:"note,omitempty"`
	At       int           `json:"at"` // the line of the file, from 1
}

// Milestone is a day, or some days, of a release cycle.
type Milestone struct {
	Name    string        `json:"name"` // without links and emphasis
	Who     string        `json:"who,omitempty"`
	Week    string        `json:"week,omitempty"` // the file's own: "week 11", "R-8"
	From    calendar.Date `json:"from"`
	To      calendar.Date `json:"to"`                // the last day; From again where it is one
	Time    time.Time     `json:"time,omitzero"`     // where a time of day is given
	Summary bool          `json:"summary,omitempty"` // it stands in the summary of a page, not in its timeline
	Group   string        `json:"group,omitempty"`   // the list or the heading that it stands under
	At      int           `json:"at"`                // the line of the file, from 1
}

// Exception is a change that asked to be let through a freeze.
type Exception struct {
	Name      string        `json:"name"`
	Issue     string        `json:"issue,omitempty"`
	Freeze    string        `json:"freeze"` // as the file names it: codeFreeze
	Requested calendar.Date `json:"requested,omitzero"`
	Reviewed  calendar.Date `json:"reviewed,omitzero"`
	Decision  string        `json:"decision,omitempty"` // the file's own word: approved, rejected
	At        int           `json:"at"`                 // the line of the file, from 1
}

// Days returns how many days the review took, and false where one of the days is missing.
func (e Exception) Days() (int, bool) {
	if e.Requested.IsZero() || e.Reviewed.IsZero() {
		return 0, false
	}
	return DaysBetween(e.Requested, e.Reviewed), true
}

// DaysBetween returns the days from one day to another, below zero if that is earlier.
func DaysBetween(from, to calendar.Date) int {
	const day = 24 * 60 * 60
	midnight := func(d calendar.Date) int64 { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix() }
	return int((midnight(to) - midnight(from)) / day) // whole: midnights of UTC
}

// Complaint is something in a file that contradicts itself, or was left out. It does not
// keep the file from being read.
type Complaint struct {
	Line int    `json:"line"`           // from 1
	Path string `json:"path,omitempty"` // the place in the document: schedules[0].releaseDate
	Code string `json:"code"`           // stable, for programs
	Text string `json:"text"`           // for people
}

// The codes of complaints.
const (
	ComplaintContradiction = "contradiction" // two values that cannot both be right
	ComplaintDuplicate     = "duplicate"     // a version or a line that stands there twice
	ComplaintMissing       = "missing"       // a value without which something is not counted
	ComplaintOrder         = "order"         // versions whose days run the other way
	ComplaintUnread        = "unread"        // text that should be a day, and is none
	ComplaintAssumed       = "assumed"       // a value that was taken from its neighbours
	ComplaintMore          = "more"          // how many more there are
)

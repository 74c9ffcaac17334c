package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// Run books and checklists name roles: "service manager", "database administrator". Who
// has which one is the portal's to say: it stands in the table of the staff.

// roleName is a role as it is compared: "for the Guard" and "guard" are one.
func roleName(text string) string {
	return strings.TrimSpace(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(text)), "the "))
}

// holds reports whether one of the provider's people has a role; all of them have the
// role "" that names none.
func (p person) holds(name string) bool {
	name = roleName(name)
	return p.Provider() && (name == "" || name == roleName(string(p.Role)) || slices.ContainsFunc(p.Also, func(x string) bool { return roleName(x) == name }))
}

// Roles are all that a person has, in words.
func (p person) Roles() string {
	return sentence(strings.Join(append([]string{string(p.Role)}, p.Also...), ", "))
}

// holders are who has a role.
func holders(people []person, name string) []person {
	return slices.DeleteFunc(slices.Clone(people), func(x person) bool { return !x.holds(name) })
}

// whoseRole says who may do what is a role's to do.
func whoseRole(people []person, name string) string {
	var names []string
	for _, x := range holders(people, name) {
		names = append(names, x.Name)
	}
	if len(names) == 0 {
		return fmt.Sprintf("It is for the %s, and nobody here has that role yet: somebody has to be given it.", roleName(name))
	}
	return fmt.Sprintf("It is for the %s: %s.", roleName(name), listWords(names))
}

// roleError is that somebody else's role is asked for.
type roleError struct{ says string }

func (e *roleError) Error() string { return servicecoin.ErrForbidden.Error() + ": " + e.says }

func (e *roleError) Unwrap() error { return servicecoin.ErrForbidden }

// needsRole is nil for who has the role, and who has it instead for others.
func (p *portal) needsRole(ctx context.Context, who person, name string) error {
	if who.holds(name) {
		return nil
	}
	people, err := p.colleagues(ctx)
	if err != nil {
		return err
	}
	return &roleError{whoseRole(people, name)}
}

// unheld are findings about roles without which a run of the book could not go on, and
// which nobody has.
func unheld(b runbook.Book, people []person) (list []findingRow) {
	for n, s := range b.Steps {
		if s.Approval != nil && len(holders(people, s.Approval.Role)) == 0 {
			list = append(list, findingRow{Where: whereInBook(b, fmt.Sprintf("steps[%d].approval", n)), Text: "nobody here is " + roleName(s.Approval.Role) + ", so nobody could say go"})
		}
	}
	return list
}

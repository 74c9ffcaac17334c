package inventory

import "github.com/servicecoin/servicecoin/operations/configuration"

// Fewer, Marks and Touch are what is done with pointers of secrets, for tests of it.
func Fewer(pointers []string) ([]string, bool) { return fewer(pointers) }

// Marks returns the pointers of what is true.
func Marks(n configuration.Value) ([]string, bool) { return marks(n) }

// Touch reports whether a pointer touches one of others.
func Touch(pointers []string, at string) bool { return placesOf(pointers).touch(at) }

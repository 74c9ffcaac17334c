// Package runbook models how something is done here, step by step, and the proof
// that it was done.
package runbook

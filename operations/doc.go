// Package operations is a folder: the packages below it model how services are
// run. Operations/change is what is done to them on purpose, operations/runbook
// how it is done, and the proof that it was.
package operations

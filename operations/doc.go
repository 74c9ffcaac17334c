// Package operations is a folder: the packages below it model how services are
// run. Operations/change is what is done to them on purpose, operations/runbook
// how it is done, and the proof that it was, operations/configuration what there
// is, and how it differs from what is desired, operations/patch which flaws are known of
// it, and how they are mended in time, operations/release what the platform promises of
// itself: when it is released, what its features are, what proves that they work.
package operations

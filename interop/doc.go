// Package interop is a folder: the packages below it read what people have
// already and write it back. Each is a module of its own, so that nobody gets a
// parser of somebody's format who does not ask for it. Interop/runbookmd reads run
// books that were written as Markdown, interop/advisory what is published of flaws,
// interop/inventory what tools tell of what there is and how it was found, interop/junit
// reports of test runs, interop/releases the schedules that projects publish of their
// releases, interop/openapi what changed between two revisions of an API, interop/bindings
// what language bindings say they run on, interop/cloudevents usage events that are sent as
// CloudEvents.
package interop

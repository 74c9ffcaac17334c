// Package configuration models what there is and how it is meant to be: what is
// desired, what was observed, and in what they differ.
//
// It answers: how does what was observed differ from what is desired, at which paths;
// what of it counts, and how much?
//
// [Parse] reads JSON with its numbers as they are written. [Compare] tells what is
// missing, unexpected and changed, by JSON pointers (RFC 6901); [Rules] say what counts,
// and [Rules.Compile] makes of them a [Comparer]. [Apply] makes the observed value of
// the desired one and the differences. A malformed document or rule is an
// [*servicecoin.InvalidError] with where it is.
package configuration

// Package configuration models what there is and how it is meant to be: configuration
// items with what is desired of them, how they were observed, and in what the two
// differ.
//
// It answers: what is there, of what, whose, and what rests on it? What was recorded at
// an instant, and what changed between two baselines? How does what was observed differ
// from what is desired, since when, how badly, who knows of it, and did an approved
// change do it? What is there and not recorded, recorded and not there, and of what
// does nobody know any more how it is?
//
//	r := configuration.New(s.For("alder"), &configuration.Options{Types: types, Changes: changes, SecretKey: key})
//	item, err := r.Record(ctx, by, draft, configuration.Why{Change: "c-17"})
//	drift, err := r.LookAt(ctx, by, item.ID, observer)
//	for _, f := range drift.Open { fmt.Println(f.Path, f.Kind, f.Origin) }
//	item, err = r.Accept(ctx, by, item.ID, configuration.Acceptance{Findings: []int{1}, Change: "c-18"})
//
// # Values
//
// [Parse] reads JSON with its numbers as they are written. [Compare] tells what is
// missing, unexpected and changed, by JSON pointers (RFC 6901); [Rules] say what counts,
// and [Rules.Compile] makes of them a [Comparer]. [Comparer.Apply] makes the observed
// value of the desired one and the differences.
//
// # Secrets
//
// What a [Type], an item or an observer calls secret is kept as a digest under the key
// of the host ([Sealer]), in every version, observation, finding and event. Names and
// key fields of lists are in paths, and no place for secrets.
//
// # Errors
//
// A malformed document, rule or input is an [*servicecoin.InvalidError] with all that is
// wrong; what the state of an item forbids is a [*servicecoin.RefusedError].
package configuration

package runbook

import "github.com/servicecoin/servicecoin/store"

// EntryKind lets tests do to stored entries what nobody should.
func EntryKind() store.Kind[Entry] { return entries }

package store

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// JoinID makes one id of several, for records whose id is a natural key: with
// "/" between them, and "/" and "%" inside of them written as %2F and %25, so
// that different parts give different ids. A result that would be longer than
// an id may be is a digest instead.
func JoinID(parts ...string) string {
	id := joined(parts)
	if len(id) <= servicecoin.MaxIDBytes {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func joined(parts []string) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteByte('/')
		}
		if strings.ContainsAny(p, "%/") {
			p = strings.NewReplacer("%", "%25", "/", "%2F").Replace(p)
		}
		b.WriteString(p)
	}
	return b.String()
}

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
	escape := strings.NewReplacer("%", "%25", "/", "%2F")
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(escape.Replace(p))
	}
	if b.Len() <= servicecoin.MaxIDBytes {
		return b.String()
	}
	sum := sha256.Sum256([]byte(b.String()))
	return "sha256:" + hex.EncodeToString(sum[:])
}

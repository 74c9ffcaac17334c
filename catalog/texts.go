package catalog

import "github.com/servicecoin/servicecoin"

// Texts is one text in several languages: see [servicecoin.Texts].
type Texts = servicecoin.Texts

const (
	maxTitle = 200
	maxText  = 4000
)

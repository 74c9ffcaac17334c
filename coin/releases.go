package coin

import "github.com/servicecoin/servicecoin/coin/releaseroom"

// releases is the room of releases, with what it knows of the other rooms.
func (c *Coin) releases() releaseroom.Nouns {
	return releaseroom.Nouns{Base: c.base(), Options: c.o.Releases}
}

// Releases is the room of releases: schedules, features, evidence, APIs.
func (c *Coin) Releases() releaseroom.Nouns { return c.releases() }

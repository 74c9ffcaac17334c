package entitle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// maxTo is how many people one notice is for.
const maxTo = 100

// Notice is that people were told of something, in words: what a page shows as "you were
// told", and what a host sends on when it hears of the event entitlement.noticeGiven.
type Notice struct {
	ID      string                 `json:"id"` // that of what it tells of: [Told.ID]
	Feature FeatureID              `json:"feature"`
	To      []servicecoin.PersonID `json:"to,omitempty"` // the person who was named, else the customer's contacts; none: nobody is known
	Text    string                 `json:"text"`
	Note    string                 `json:"note,omitempty"` // of the consequence
	GivenAt time.Time              `json:"givenAt"`
}

// Validate reports every violation of the notice.
func (x Notice) Validate() error {
	var v servicecoin.Violations
	v.ID("id", x.ID)
	v.ID("feature", string(x.Feature))
	if v.Limit("to", len(x.To), maxTo) {
		for i, p := range x.To {
			v.ID(fmt.Sprintf("to[%d]", i), string(p))
		}
	}
	v.Text("text", x.Text, 1, maxNotice)
	v.Text("note", x.Note, 0, MaxConsequences*(maxText+1))
	return v.Err()
}

const maxNotice = 2000

// Notify keeps a notice. One that is there already stays as it is.
func (n *Entitlements) Notify(ctx context.Context, by servicecoin.Actor, x Notice) error {
	if err := n.view.Ask(ctx, by, VerbNotify, NoticeRecord, x.ID); err != nil {
		return err
	}
	if err := x.Validate(); err != nil {
		return err
	}
	return n.view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, notices)
		if _, err := c.Get(ctx, x.ID); !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		x.GivenAt = tx.Now()
		e, err := store.Happened(by, EventNoticeGiven, x)
		if err != nil {
			return err
		}
		return c.Insert(ctx, x, e)
	})
}

// Notices lists what people were told, the latest first.
func (n *Entitlements) Notices() store.Listing[Notice] {
	return store.Of(n.view, notices).Find(store.By("at").Descending())
}

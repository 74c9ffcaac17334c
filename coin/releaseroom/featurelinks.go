package releaseroom

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/release"
)

func (n Nouns) featureLinks() []exchange.Link {
	return []exchange.Link{n.drafts(), n.discards(), n.tells(), n.losses()}
}

// NewsOf returns the id of what is drafted of the edition of a feature that a promotion
// made. Nothing is read out of it.
func NewsOf(id release.FeatureID, edition int) release.NewsID {
	const shown = 8
	sum := sha256.Sum256(fmt.Appendf(nil, "promoted\x00%s\x00%d", id, edition))
	return release.NewsID("promoted-" + hex.EncodeToString(sum[:shown]))
}

// drafts is the link that drafts news of a feature that was promoted. A person reads it,
// sees who will be told, and publishes it.
func (n Nouns) drafts() exchange.Link {
	l := exchange.When(n.Base, "news.draft", Name, Name, []string{release.EventFeaturePromoted},
		func(ctx context.Context, w exchange.Work, news release.FeatureChanged) error {
			mine := n.On(w.Base)
			f, err := mine.Features().Get(ctx, news.Feature)
			if err != nil {
				return err
			}
			id := NewsOf(f.ID, news.Edition)
			if _, err := mine.News().Get(ctx, id); !isNotFound(err) {
				return err
			}
			compose := mine.Compose
			if compose == nil {
				compose = ComposeNews
			}
			_, err = mine.News().Draft(ctx, exchange.By(), release.NewsItem{
				ID: id, Kind: release.NewsOfFeature, Platform: f.Platform, Feature: f.ID, Version: news.From, Wording: compose(f, news.Before),
			})
			return err
		})
	l.EndedBy = "news.discard"
	return l
}

// ComposeNews is what is drafted of a feature that was promoted: in each language in which
// it has a name, what it is called, and what it is good for. What it became is in English.
func ComposeNews(f release.Feature, _ release.Stage) release.Wording {
	w := release.Wording{Title: servicecoin.Texts{}, Text: servicecoin.Texts{}}
	last := f.Last()
	const longest = 150
	for tag := range f.Name {
		name := []rune(f.Name[tag])
		name = name[:min(len(name), longest)]
		w.Title[tag] = fmt.Sprintf("%s: %s", string(name), last.Stage.Words())
		text, _ := f.Text.In(tag)
		line := fmt.Sprintf("From %s on, %s is %s.", last.From, string(name), last.Stage.Words())
		if d := f.Deprecation; d != nil && last.Stage == release.StageDeprecated {
			if !d.Ends.IsZero() {
				line += " It is there until " + d.Ends.String() + "."
			}
			if d.Successor != "" {
				line += " Use " + string(d.Successor) + " instead."
			}
		}
		const most = 3500
		about := []rune(text)
		about = about[:min(len(about), most)]
		w.Text[tag] = line
		if len(about) > 0 {
			w.Text[tag] = line + "\n\n" + string(about)
		}
	}
	return w
}

// discards is the link that throws away what was drafted of a feature that is taken back
// since.
func (n Nouns) discards() exchange.Link {
	return exchange.When(n.Base, "news.discard", Name, Name, []string{release.EventFeatureHeld},
		func(ctx context.Context, w exchange.Work, news release.FeatureChanged) error {
			mine := n.On(w.Base)
			for x, err := range mine.News().Of(news.Feature).All(ctx) {
				if err != nil {
					return err
				}
				if x.State != release.NewsDraft || x.DraftedBy != exchange.By() || w.Left() < roomForATelling {
					continue
				}
				if err := exchange.UnlessRefused(mine.News().Discard(ctx, exchange.By(), x.ID)); err != nil {
					return err
				}
			}
			return nil
		})
}

// roomForATelling is the most that one customer takes of a commit: what it was told is
// read, written, and told of; installations, access and subscriptions are read.
const roomForATelling = 4

// telling is an item, and the rule by which it is told.
type telling struct {
	item release.NewsItem
	rule rule
}

// tells is the link that notes with each customer what it is told of news, of corrections
// and withdrawals, so that an inbox can be made of it: by the rule, when it happens.
func (n Nouns) tells() exchange.Link {
	l := exchange.Each(n.Base, "news.tell", Name, Name, []string{release.EventNewsPublished, release.EventNewsCorrected, release.EventNewsWithdrawn}, roomForATelling,
		func(ctx context.Context, w exchange.Work, news release.NewsChanged) (telling, []exchange.Concern, error) {
			mine := n.On(w.Base)
			x, err := mine.News().Get(ctx, news.News)
			if err != nil {
				return telling{}, nil, err
			}
			r, err := mine.rule(ctx)
			if err != nil {
				return telling{}, nil, err
			}
			concerns, err := mine.concerns(ctx, x.Platform, w)
			return telling{x, r}, concerns, err
		},
		func(ctx context.Context, w exchange.Work, t telling, _ exchange.Concern, _ string) (string, error) {
			mine := n.On(w.Base)
			reader, err := mine.reader(ctx, t.rule, w.Customer)
			if err != nil {
				return "", err
			}
			return "", mine.Tellings(w.Customer).Follow(ctx, exchange.By(), t.item, t.item.ToldTo(reader))
		})
	l.EndedBy = l.Name // the same link hears of the end
	return l
}

// concerns are the services of a platform, since its customers came.
func (n Nouns) concerns(ctx context.Context, p release.PlatformID, w exchange.Work) ([]exchange.Concern, error) {
	services, err := n.services(ctx, p)
	if err != nil {
		return nil, err
	}
	var list []exchange.Concern
	for _, s := range services {
		list = append(list, exchange.Concern{Service: s, During: calendar.Between(w.Event.At, w.Event.At.Add(1))})
	}
	return list, nil
}

// losses is the link that notes with each customer that could use a feature that it is taken
// back, and that it is given free again.
func (n Nouns) losses() exchange.Link {
	l := exchange.Each(n.Base, "feature.lose", Name, Name, []string{release.EventFeatureHeld, release.EventFeatureFreed}, roomForATelling,
		func(ctx context.Context, w exchange.Work, news release.FeatureChanged) ([]release.Feature, []exchange.Concern, error) {
			mine := n.On(w.Base)
			list, err := mine.Features().With(ctx, news.Feature)
			if err != nil {
				return nil, nil, err
			}
			concerns, err := mine.concerns(ctx, news.Platform, w)
			return list, concerns, err
		},
		func(ctx context.Context, w exchange.Work, list []release.Feature, _ exchange.Concern, _ string) (string, error) {
			mine := n.On(w.Base)
			free := make([]release.Feature, len(list))
			copy(free, list)
			free[0].Hold = nil
			reader, err := mine.who(ctx, w.Customer, free)
			if err != nil || !reader.MayUse(list[0].ID).May {
				return "", err
			}
			return "", mine.Tellings(w.Customer).Lose(ctx, exchange.By(), list[0])
		})
	l.EndedBy = l.Name // the same link hears that it is free
	return l
}

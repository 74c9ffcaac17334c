package main

import (
	"errors"
	"net/http"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/release"
)

// changeFeature does what a form of the page of a feature asks for.
func (p *portal) changeFeature(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, by, word := r.Context(), viewer(r).actor(), r.PathValue("verb")
	id := release.FeatureID(r.PathValue("feature"))
	features := p.Releases().Features()
	form, customer := word, servicecoin.CustomerID(f.text("customer"))
	switch word {
	case "propose":
		to := release.Stage(f.text("to"))
		_, err = features.Propose(ctx, by, release.Proposal{Feature: id, To: to, Version: f.text("version"), Default: to == release.StageGeneral || to == release.StageDeprecated, Why: f.text("why")})
	case "hold":
		_, err = features.Hold(ctx, by, id, f.text("from"), f.text("why"))
	case "free":
		_, err = features.Free(ctx, by, id, f.text("why"))
	case "audience":
		err = p.reviseAudience(r, f, id)
	case "facts":
		err = p.noteFacts(r, f, id)
	case "admit", "decline":
		form = "decline-" + string(customer)
		if _, err := p.host.clients().Get(ctx, string(customer)); err != nil {
			return err
		}
		if word == "admit" {
			_, err = p.Releases().Access(customer).Admit(ctx, by, id)
		} else {
			_, err = p.Releases().Access(customer).Decline(ctx, by, id, f.text("why"))
		}
	default:
		return noPage(r)
	}
	return p.finish(w, r, f.err(err), confirmed(featurePath(id), "feature-"+word), func(err error) error { return p.featureNow(w, r, form, f, err) })
}

// reviseAudience changes who may use a feature in the stage of its newest line.
func (p *portal) reviseAudience(r *http.Request, f *form, id release.FeatureID) error {
	ctx := r.Context()
	x, err := p.Releases().Features().Get(ctx, id)
	if err != nil {
		return err
	}
	stage := x.Last().Stage
	was := x.Audience(stage)
	a := release.Audience{Segments: was.Segments, EnterWhere: was.EnterWhere}
	switch way := f.text("way"); way {
	case "everybody":
		a.Everybody, a.EnterWhere = true, nil
	case "open", "asked":
		a.Enter = release.Entrance(way)
	case "named":
		a.EnterWhere = nil
	default:
		f.bad.Add("way", "unknown", way, "say how it is got")
	}
	for _, c := range f.all("let") {
		a.Customers = append(a.Customers, servicecoin.CustomerID(c))
	}
	for _, c := range f.all("out") {
		a.Except = append(a.Except, servicecoin.CustomerID(c))
	}
	f.at("audiences", "way")
	f.at("publicFrom", "public")
	if f.bad.Len() > 0 {
		return nil
	}
	audiences := map[release.Stage]release.Audience{stage: a} //nolint:exhaustive // filled below
	for s, other := range x.Audiences {
		if s != stage {
			audiences[s] = other
		}
	}
	x.Audiences, x.PublicFrom = audiences, release.Stage(f.text("public"))
	_, err = p.Releases().Features().Revise(ctx, viewer(r).actor(), x, f.text("why"))
	return err
}

// noteFacts notes where a feature is described, and by which run book it is run.
func (p *portal) noteFacts(r *http.Request, f *form, id release.FeatureID) error {
	const most = 500
	ctx := r.Context()
	if err := p.authorize(ctx, servicecoin.Attempt{Actor: viewer(r).actor(), Verb: release.VerbReviseFeature, Subject: servicecoin.Key{Customer: servicecoin.Provider, Kind: release.FeatureRecord, ID: string(id)}}); err != nil {
		return err
	}
	f.bad.Text("manual", f.text("manual"), 0, most)
	book := servicecoin.RunbookID(f.text("runbook"))
	if book != "" {
		if _, err := p.Library().Published(ctx, book); errors.Is(err, servicecoin.ErrNotFound) {
			f.bad.Add("runbook", "unknown", string(book), "is no run book that is published")
		} else if err != nil {
			return err
		}
	}
	if f.bad.Len() > 0 {
		return nil
	}
	facts := p.host.featureFacts()
	item, err := facts.Item(ctx, string(id))
	if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return err
	}
	x := item.Value
	x.Feature, x.Manual, x.Runbook = id, f.text("manual"), book
	return facts.Put(ctx, x, item.Version)
}

// changePromotion does what a form of one promotion asks for.
func (p *portal) changePromotion(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, by, word := r.Context(), viewer(r).actor(), r.PathValue("verb")
	feature, id := release.FeatureID(r.PathValue("feature")), release.PromotionID(r.PathValue("promotion"))
	features := p.Releases().Features()
	x, err := features.Promotion(ctx, id)
	if err != nil {
		return err
	}
	if x.Feature != feature {
		return noPage(r)
	}
	form := word + "-" + pageID(string(id))
	switch word {
	case "signOff":
		role := f.text("role")
		form = "sign-" + pageID(string(id)) + pageID(role)
		if err := p.needsRole(ctx, viewer(r), role); err != nil {
			return err
		}
		_, err = features.SignOff(ctx, by, id, role, f.text("text"))
	case "waive":
		until := p.timeIn(f, "until")
		if f.bad.Len() > 0 {
			return p.featureNow(w, r, form, f, f.bad.Err())
		}
		_, err = features.Waive(ctx, by, id, f.text("criterion"), f.text("why"), until)
	case "promote":
		_, err = features.Promote(ctx, by, id)
	case "settle":
		_, err = features.Settle(ctx, by, id)
	case "drop":
		_, err = features.Drop(ctx, by, id, f.text("reason"))
	default:
		return noPage(r)
	}
	return p.finish(w, r, f.err(err), confirmed(featurePath(feature), "promotion-"+word), func(err error) error { return p.featureNow(w, r, form, f, err) })
}

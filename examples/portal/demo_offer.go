package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
)

// offer fills the catalogue, the price list, the meters and the playbook.
func (d demo) offer(ctx context.Context) error {
	by := servicecoin.Person(ada)
	for _, m := range meters() {
		if err := kept(d.Meters().Define(ctx, by, m)); err != nil {
			return err
		}
	}
	for _, id := range sortedKeys(prices()) {
		if _, err := d.Prices().Publish(ctx, by, id, prices()[id], d.now.Add(-back)); err != nil {
			return err
		}
	}
	shop := d.Catalog()
	for _, s := range d.servicesOfDemo() {
		if err := d.addService(ctx, by, s); err != nil {
			return err
		}
	}
	for _, x := range []catalog.Dependency{
		catalog.Hard("erp", "database"), catalog.Hard("erp", "signin"), catalog.Hard("erp", "network"), catalog.Soft("erp", "mail"),
		catalog.Hard("mail", "network"), catalog.Hard("mail", "signin"), catalog.Hard("files", "network"), catalog.Hard("files", "signin"),
		catalog.Hard("signin", "database"), catalog.Hard("signin", "network"), catalog.Hard("database", "network"), catalog.Hard("database", "storage"), catalog.Hard("files", "storage"),
		catalog.AtLeast(1, "network", "line-a", "line-b"),
	} {
		_, err := shop.Connect(ctx, by, x)
		if err := kept(err); err != nil {
			return err
		}
	}
	for _, x := range plans() {
		_, err := shop.Publish(ctx, by, x.offering)
		if err := kept(err); err != nil {
			return err
		}
	}
	return d.playbook(ctx, by)
}

func (p *portal) addService(ctx context.Context, by servicecoin.Actor, s catalog.Service) error {
	_, err := p.Catalog().AddService(ctx, by, s)
	if err == nil {
		_, err = p.Catalog().LaunchService(ctx, by, s.ID)
		return err
	}
	if !errors.Is(err, servicecoin.ErrExists) {
		return err
	}
	switch there, err := p.Catalog().Service(ctx, s.ID); {
	case err != nil:
		return err
	case there.State == catalog.ServicePlanned: // a start that was killed in between
		_, err = p.Catalog().LaunchService(ctx, by, s.ID)
		return err
	}
	return nil
}

func (d demo) servicesOfDemo() []catalog.Service {
	since := map[string]string{coveredFrom: d.now.Add(-back).UTC().Format(time.RFC3339)}
	recovery := func(rto, takes time.Duration) catalog.Recovery {
		return catalog.Recovery{RTO: calendar.Within(rto), RPO: calendar.Within(15 * time.Minute), Takes: calendar.Within(takes)}
	}
	service := func(id servicecoin.ServiceID, name, about, team string, kind catalog.ServiceKind, level int, r catalog.Recovery) catalog.Service {
		s := catalog.Service{ID: id, Name: name, Kind: kind, SupportTeam: team, Level: level, Recovery: r, Labels: since}
		if about != "" {
			s.Descriptions = catalog.Texts{"en": about}
		}
		return s
	}
	list := []catalog.Service{
		service("erp", "Order entry", "Orders, stock and accounts in one program", "applications", catalog.Business, 1, recovery(4*time.Hour, 40*time.Minute)),
		service("mail", "Mail", "Mailboxes and calendars, with an archive", "workplace", catalog.Business, 2, recovery(8*time.Hour, time.Hour)),
		service("files", "File share", "Folders for teams, with versions of the last 90 days", "workplace", catalog.Business, 3, recovery(24*time.Hour, 3*time.Hour)),
		service("signin", "Sign-in", "One account for everything, with a second factor", "platform", catalog.Supporting, 0, recovery(2*time.Hour, 20*time.Minute)),
		service("database", "Database platform", "PostgreSQL, patched and backed up, for programs of yours", "platform", catalog.Supporting, 0, recovery(2*time.Hour, 50*time.Minute)),
		service("network", "Network", "Lines between sites, and to the internet", "network", catalog.Supporting, 0, recovery(time.Hour, 15*time.Minute)),
		service("storage", "Storage", "Disks for all the rest", "platform", catalog.Supporting, 0, recovery(2*time.Hour, 30*time.Minute)),
		service("line-a", "Line of carrier A", "", "network", catalog.Supporting, 0, catalog.Recovery{Takes: calendar.Within(10 * time.Minute)}),
		service("line-b", "Line of carrier B", "", "network", catalog.Supporting, 0, catalog.Recovery{Takes: calendar.Within(10 * time.Minute)}),
	}
	for i := range list {
		if n := list[i].ID; n == "storage" || n == "line-a" || n == "line-b" {
			list[i].Labels = map[string]string{coveredFrom: since[coveredFrom], internalLabel: "yes"}
		}
	}
	return list
}

// playbook says how people are to come to use what is offered.
func (d demo) playbook(ctx context.Context, by servicecoin.Actor) error {
	book := d.Playbook()
	have, err := collect(book.Templates().All(ctx))
	if err != nil {
		return err
	}
	for _, t := range []adoption.Template{
		{
			Service: "erp", Title: "Order entry for a new customer",
			Points: []adoption.Point{{Name: catalog.DueBeforeUse, WithinDays: 14}, {Name: "before the first month closes", WithinDays: 30}},
		},
		{
			Service: "mail", Title: "Mail for a new customer",
			Points: []adoption.Point{{Name: catalog.DueBeforeUse, WithinDays: 10}, {Name: "everyday use", WithinDays: 20}},
		},
	} {
		if slices.ContainsFunc(have, func(x adoption.Template) bool { return x.Service == t.Service }) {
			continue
		}
		if _, err := book.PublishTemplate(ctx, by, t); err != nil {
			return err
		}
	}
	if err := d.journey(ctx, by); err != nil {
		return err
	}
	_, err = book.Ask(ctx, by, adoption.Survey{ID: "erp-autumn", Kind: adoption.CSAT, Question: "How content are you with order entry?", Service: "erp", Series: "erp"})
	if kept(err) != nil {
		return err
	}
	_, err = book.Ask(ctx, by, adoption.Survey{ID: "mail-autumn", Kind: adoption.CSAT, Question: "How content are you with mail?", Service: "mail", Series: "mail"})
	return kept(err)
}

// journey is how customers are to experience the provider; that of a departure
// is not written yet, and its check says so.
func (d demo) journey(ctx context.Context, by servicecoin.Actor) error {
	if _, err := d.Playbook().Journey(ctx, "all"); !errors.Is(err, servicecoin.ErrNotFound) {
		return err
	}
	point := func(id adoption.TouchpointID, kind adoption.TouchpointKind, message, measure, target, test string) adoption.Touchpoint {
		return adoption.Touchpoint{ID: id, Kind: kind, Owner: ada, Message: message, Measure: adoption.Measure{Text: measure, Target: target}, Test: adoption.AcceptanceTest{Reference: test}}
	}
	_, err := d.Playbook().PublishJourney(ctx, by, adoption.Journey{ID: "all", Name: "A customer of ours", Touchpoints: []adoption.Touchpoint{
		point("welcome", adoption.KindNewUser, "Welcome: this is how you begin", "days from sign-up to first use", "at most 10 for nine of ten", "portal/story: sign up"),
		point("change", adoption.KindChangeAssimilation, "This is different from Monday on", "questions in the week after", "fewer than 5", "portal/story: change"),
		point("outage", adoption.KindOutageCommunication, "What does not work, and when you hear from us again", "promised updates kept", "all", "portal/story: outage"),
	}})
	return err
}

// soundOut records what people answered to the surveys.
func (d demo) soundOut(ctx context.Context) error {
	for _, a := range []struct {
		survey adoption.SurveyID
		c      servicecoin.CustomerID
		scores []int
	}{
		{"erp-autumn", "alder", []int{5, 4, 4, 5, 3, 4, 5, 2, 4}}, {"erp-autumn", "birch", []int{4, 3, 2, 3, 5, 2}}, {"mail-autumn", "alder", []int{5, 5, 4, 4, 4, 5, 3}}, {"mail-autumn", "cedar", []int{4, 5, 3}},
	} {
		survey, err := d.Playbook().Survey(ctx, a.survey)
		if err != nil {
			return err
		}
		d.turn(d.at(12, 10, 0))
		for n, score := range a.scores {
			who := servicecoin.PersonID("person " + string(rune('a'+n)) + " of " + string(a.c))
			if _, err := d.Program(a.c).Answer(ctx, servicecoin.Program("survey"), survey, adoption.Response{Respondent: who, Scores: []int{score}}); err != nil {
				return err
			}
		}
	}
	d.turn(d.now)
	return nil
}

// pending leaves something to do: an order that waits for its owner, and a
// sign-up on its way.
func (d demo) pending(ctx context.Context) error {
	if err := d.subscribe(ctx, "birch", "mail-std", d.at(4, 9, 15)); err != nil {
		return err
	}
	for _, c := range []servicecoin.CustomerID{"alder", "birch", "cedar"} {
		if err := d.signUp(ctx, c); err != nil {
			return err
		}
	}
	d.turn(d.at(1, 15, 40))
	if _, err := d.place(ctx, "cedar", "erp-cloud"); err != nil {
		return err
	}
	d.turn(d.now)
	return nil
}

// signUp meets what is due in all onboardings but the one that has just begun.
func (d demo) signUp(ctx context.Context, c servicecoin.CustomerID) error {
	program := d.Program(c)
	list, err := collect(program.InState(adoption.Running).All(ctx))
	if err != nil {
		return err
	}
	for _, o := range list {
		if o.BegunAt.After(d.now.Add(-10 * day)) {
			continue
		}
		d.turn(o.BegunAt.Add(3 * day))
		for _, item := range o.Items {
			by := servicecoin.Person(ada)
			if item.Owner == adoption.CustomerSide {
				by = servicecoin.Client(ownerOf(c))
			}
			if _, err := program.Meet(ctx, by, o.Subscription, item.ID, adoption.Evidence{Text: "Done and looked at together"}); err != nil && !errors.Is(err, servicecoin.ErrRefused) {
				return err
			}
		}
		for _, point := range o.Points {
			if _, err := program.Reach(ctx, servicecoin.Person(ada), o.Subscription, point.Name); err != nil && !errors.Is(err, servicecoin.ErrRefused) {
				return err
			}
		}
	}
	return nil
}

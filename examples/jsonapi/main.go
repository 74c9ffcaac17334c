// Command jsonapi answers: how do I give a signed-in customer its own data as
// JSON? A view sees one customer's partition and nothing else, a projection
// holds what customers may see, and each error knows its status.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// api serves what a customer may read. signedIn is the host's own login.
type api struct {
	provider *coin.Coin
	signedIn func(r *http.Request) (servicecoin.CustomerID, error)
}

func (a api) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /promises/{promise}/{month}", answer(a.availability))
	mux.HandleFunc("GET /incidents/{id}", answer(a.incident))
	return mux
}

// availability answers a month's report of a promise, as the facts are now.
func (a api) availability(r *http.Request) (any, error) {
	customer, err := a.signedIn(r)
	if err != nil {
		return nil, err
	}
	month, err := calendar.ParseMonth(r.PathValue("month"))
	if err != nil {
		return nil, err
	}
	report, err := a.provider.Keeper(customer).Month(r.Context(), servicecoin.PromiseID(r.PathValue("promise")), month)
	return report.Figures, err
}

// incident answers what customers may see of an incident, if it touches a
// service that this one was promised something about.
func (a api) incident(r *http.Request) (any, error) {
	customer, err := a.signedIn(r)
	if err != nil {
		return nil, err
	}
	mine, err := a.services(r.Context(), customer)
	if err != nil {
		return nil, err
	}
	i, err := a.provider.Desk().Get(r.Context(), servicecoin.IncidentID(r.PathValue("id")))
	seen := i.Public().For(mine...)
	switch {
	case err != nil && !errors.Is(err, servicecoin.ErrNotFound):
		return nil, err
	case len(seen.Effects) == 0: // not there, or not theirs: one answer to both
		return nil, servicecoin.NotFound(servicecoin.Key{Customer: customer, Kind: incident.IncidentRecord, ID: r.PathValue("id")})
	}
	return seen, nil
}

func (a api) services(ctx context.Context, customer servicecoin.CustomerID) (list []servicecoin.ServiceID, err error) {
	for p, err := range a.provider.Keeper(customer).Promises("").All(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, p.Service)
	}
	return list, nil
}

// answer writes a value, or what is wrong: all violations at once.
func answer(get func(r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		value, err := get(r)
		if err != nil {
			if problem.Status(err) == http.StatusInternalServerError {
				log.Print(err) // the client is not told
			}
			problem.Write(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(value); err != nil {
			log.Print(err)
		}
	}
}

func main() {
	var services catalog.MemoryDirectory
	services.Set("mail", "Mail", "acme")
	provider, err := coin.New(store.New(memory.New(), nil), &services, nil)
	if err != nil {
		log.Fatal(err)
	}
	// The demonstration takes the name in the header for a login. Do not.
	a := api{provider, func(r *http.Request) (servicecoin.CustomerID, error) {
		if c := r.Header.Get("X-Customer"); c != "" {
			return servicecoin.CustomerID(c), nil
		}
		return "", servicecoin.ErrForbidden
	}}
	log.Print("curl -H 'X-Customer: acme' http://127.0.0.1:8081/promises/mail/2026-01")
	server := &http.Server{Addr: "127.0.0.1:8081", Handler: a.handler(), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

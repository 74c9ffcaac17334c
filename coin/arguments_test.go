package coin_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// faults calls each method of a noun with zero arguments and returns what each
// one that can tell of an error tells, by its name. None may panic.
func faults(t *testing.T, noun any) map[string]error {
	t.Helper()
	told := map[string]error{}
	v := reflect.ValueOf(noun)
	for i := range v.NumMethod() {
		m, name := v.Method(i), v.Type().Method(i).Name
		in := make([]reflect.Value, 0, m.Type().NumIn())
		for n := range m.Type().NumIn() {
			kind := m.Type().In(n)
			switch {
			case m.Type().IsVariadic() && n == m.Type().NumIn()-1:
			case kind == reflect.TypeFor[context.Context]():
				in = append(in, reflect.ValueOf(t.Context()))
			case kind.Kind() == reflect.Pointer:
				in = append(in, reflect.New(kind.Elem()))
			case kind.Kind() == reflect.Func:
				in = append(in, reflect.MakeFunc(kind, func([]reflect.Value) []reflect.Value {
					outs := make([]reflect.Value, kind.NumOut())
					for o := range outs {
						outs[o] = reflect.Zero(kind.Out(o))
					}
					return outs
				}))
			default:
				in = append(in, reflect.Zero(kind))
			}
		}
		func() {
			defer func() {
				if x := recover(); x != nil {
					t.Errorf("%T.%s panics: %v", noun, name, x)
				}
			}()
			for _, out := range m.Call(in) {
				switch {
				case out.Type() == reflect.TypeFor[error]():
					err, _ := reflect.TypeAssert[error](out)
					told[name] = err
				case out.Kind() == reflect.Func && strings.HasPrefix(out.Type().String(), "iter.Seq2["):
					told[name] = nil
					last := out.Type().In(0).In(1)
					yield := reflect.MakeFunc(out.Type().In(0), func(args []reflect.Value) []reflect.Value {
						if last == reflect.TypeFor[error]() && told[name] == nil {
							told[name], _ = reflect.TypeAssert[error](args[1])
						}
						return []reflect.Value{reflect.ValueOf(true)}
					})
					out.Call([]reflect.Value{yield})
				}
			}
		}()
	}
	return told
}

// One policy for all constructors: what is wrong with the arguments is kept, the
// first call tells it in the words of who made the call, whichever call that is,
// and nothing panics.
func TestConstructorsKeepTheirFaults(t *testing.T) {
	t.Parallel()
	s := store.New(memory.New(), nil)
	provider, acme := s.For(servicecoin.Provider), s.For("acme")
	known := servicecoin.Customer{ID: "acme", Name: "Acme", Currency: "EUR"}
	nowhere := store.New(nil, nil)
	meters := metering.NewMeters(provider)
	ledger := metering.New(acme, metering.NewMemoryStore(), meters, known, nil)
	prices := rating.New(provider)
	bare, err := coin.New(s, nil, nil)
	require.NoError(t, err)
	// These do not look at what is stored, or look at nothing for the zero arguments.
	pure := map[string]bool{"Compare": true, "Trace": true}
	for name, c := range map[string]struct {
		noun any
		want string
	}{
		"desk of nothing":             {incident.New(store.View{}, nil), `view: has no store`},
		"desk of a customer":          {incident.New(acme, nil), `view "acme": is a customer's: a desk of incidents works in the provider's`},
		"desk over nothing":           {incident.New(provider, nil).On(store.View{}), `view: has no store`},
		"desk over a customer":        {incident.New(provider, nil).On(acme), `view "acme"`},
		"desk of no backend":          {incident.New(nowhere.For(servicecoin.Provider), nil), `backend: is nil`},
		"no desk":                     {&incident.Desk{}, `view: has no store`},
		"letters of nothing":          {incident.NewLetters(store.View{}), `view: has no store`},
		"letters of the provider":     {incident.NewLetters(provider), `view "@provider": is the provider's: the letters to a customer`},
		"keeper of nothing":           {sla.New(store.View{}, nil), `view: has no store`},
		"keeper without a source":     {sla.New(acme, nil), `source: is nil`},
		"keeper of the provider":      {sla.New(provider, &sla.MemorySource{}), `view "@provider"`},
		"keeper over the provider":    {sla.New(acme, &sla.MemorySource{}).On(provider), `view "@provider"`},
		"catalogue of nothing":        {catalog.New(store.View{}, nil), `view: has no store`},
		"catalogue of a customer":     {catalog.New(acme, nil), `view "acme"`},
		"orders of nothing":           {catalog.NewOrders(store.View{}, nil), `view: has no store`},
		"orders of the provider":      {catalog.NewOrders(provider, nil), `view "@provider"`},
		"subscriptions of nothing":    {catalog.NewSubscriptions(store.View{}, nil), `view: has no store`},
		"subscriptions of the coin":   {catalog.NewSubscriptions(provider, nil), `view "@provider"`},
		"meters of nothing":           {metering.NewMeters(store.View{}), `view: has no store`},
		"meters of a customer":        {metering.NewMeters(acme), `view "acme"`},
		"ledger of nothing":           {metering.New(store.View{}, nil, nil, servicecoin.Customer{}, nil), `has no store`},
		"ledger without events":       {metering.New(acme, nil, meters, known, nil), `events: is nil`},
		"ledger without meters":       {metering.New(acme, metering.NewMemoryStore(), nil, known, nil), `meters: is nil`},
		"ledger of the provider":      {metering.New(provider, metering.NewMemoryStore(), meters, servicecoin.Customer{ID: servicecoin.Provider}, nil), `view "@provider"`},
		"ledger over another":         {ledger.On(s.For("globex")), `view "globex": is not a view of acme`},
		"intake of nothing":           {metering.NewIntake(nil, nil, nil, nil), `has no store`},
		"no intake":                   {&metering.Intake{}, `has no store`},
		"intake without events":       {metering.NewIntake(s, nil, meters, nil), `events: is nil`},
		"a coin's intake":             {bare.Intake(), `events: is nil`},
		"a coin's without usage":      {bare.Ledger(known), `Options.Usage: is nil`},
		"prices of nothing":           {rating.New(store.View{}), `view: has no store`},
		"prices of a customer":        {rating.New(acme), `view "acme"`},
		"statements of nothing":       {cost.New(store.View{}, servicecoin.Customer{}, nil, nil, nil), `has no store`},
		"statements without prices":   {cost.New(acme, known, ledger, nil, nil), `prices: is nil`},
		"statements of the provider":  {cost.New(provider, servicecoin.Customer{ID: servicecoin.Provider, Currency: "EUR"}, ledger, prices, nil), `view "@provider"`},
		"playbook of nothing":         {adoption.NewPlaybook(store.View{}), `view: has no store`},
		"playbook of a customer":      {adoption.NewPlaybook(acme), `view "acme"`},
		"program of nothing":          {adoption.New(store.View{}, nil), `view: has no store`},
		"program of the provider":     {adoption.New(provider, nil), `view "@provider"`},
		"coin of no backend":          {must(coin.New(nowhere, nil, nil)), ""},
		"no coin":                     {&coin.Coin{}, ""},
		"store of no backend":         {nowhere, ""},
		"no store":                    {(*store.Store)(nil), ""},
		"collection of nothing":       {store.Of(store.View{}, store.Kind[known2]{Name: "x", ID: func(known2) string { return "x" }}), `view: has no store`},
		"collection of nobody":        {store.Of(s.For(""), store.Kind[known2]{Name: "x", ID: func(known2) string { return "x" }}), `customer: must not be empty`},
		"collection of an empty kind": {store.Of(acme, store.Kind[known2]{}), `name: must not be empty`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for method, err := range faults(t, c.noun) {
				if c.want == "" || pure[method] {
					continue
				}
				if !errors.Is(err, servicecoin.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s: %v", method, err)
				}
			}
		})
	}
}

type known2 struct{}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

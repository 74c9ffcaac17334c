package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/patch"
)

type routinesPage struct {
	page

	Here string
	List []routineRow
}

// routineRow is a cycle that comes again and again, and when it comes next.
type routineRow struct {
	patch.Routine

	Path, Says, Picks, Rings string
	Next                     calendar.Interval // the zero interval: it comes no more
	Planned                  time.Time         // when the next one is planned
	Cycle                    string            // the path of the next one, once it is planned
}

func (p *portal) showRoutines(w http.ResponseWriter, r *http.Request) error {
	const most = 100
	ctx := r.Context()
	v := routinesPage{page: p.page(r, "Routines", changesPath), Here: "routines"}
	found, err := p.Cycles().Routines().Page(ctx, "", most)
	if err != nil {
		return err
	}
	for _, item := range found.Items {
		x := item.Value
		row := routineRow{Routine: x, Path: patchesPath + "/routines/" + pageID(string(x.ID)), Says: x.Rule.String(), Picks: selectorText(x.Select)}
		for n, ring := range x.Terms.Rings {
			if n > 0 {
				row.Rings += ", then "
			}
			row.Rings += ring.Name
		}
		next, ok, err := x.Next(p.desk.open, v.Now)
		if err != nil {
			return err
		}
		if ok {
			lead, _ := x.Lead.Get()
			row.Next, row.Planned = next, next.Start.Add(-lead)
			id, err := x.Cycle(next.Start)
			if err != nil {
				return err
			}
			switch _, err := p.Cycles().Get(ctx, id); {
			case err == nil:
				row.Cycle = cyclePath(id)
			case !errors.Is(err, servicecoin.ErrNotFound):
				return err
			}
		}
		v.List = append(v.List, row)
	}
	return p.render(w, r, "patch_routines.html", 0, v)
}

// changeRoutine stops a routine, or lets it come again.
func (p *portal) changeRoutine(w http.ResponseWriter, r *http.Request) error {
	ctx, word := r.Context(), r.PathValue("verb")
	if word != "stop" && word != "go" {
		return noPage(r)
	}
	x, err := p.Cycles().Routine(ctx, patch.RoutineID(r.PathValue("routine")))
	if err != nil {
		return err
	}
	x.Stopped = word == "stop"
	if _, err := p.Cycles().KeepRoutine(ctx, viewer(r).actor(), x); err != nil {
		return err
	}
	p.happened(ctx)
	seeOther(w, confirmed(patchesPath+"/routines", "routine-"+word))
	return nil
}

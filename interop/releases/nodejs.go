package releases

// ReadNode reads the schedule.json of Node.js: its lines with their starts and ends; those
// that are supported for long have the day of that, and mostly a code name.
func ReadNode(file []byte) (*Schedule, error) {
	return whole(file, (*source).json, object, func(r *reader, root *node, out *Schedule) {
		out.Title = "Node.js"
		for _, x := range root.items {
			if x.none() {
				r.wrong(x, "required", "must be an object, there is nothing")
			}
			if !r.is(x, object) {
				continue
			}
			l := Line{
				Name: x.key, Codename: r.str(x.get("codename")), At: x.line,
				Released: r.date(x.get("start")), LongTerm: When{Date: r.date(x.get("lts"))},
				Maintenance: When{Date: r.date(x.get("maintenance"))}, End: When{Date: r.date(x.get("end"))},
			}
			if l.LongTerm.Date.IsZero() {
				l.LongTerm.No = true // the file has a day for each line that is
			}
			r.inOrder(x, l.Name,
				named{"its start", l.Released}, named{"its long-term support", l.LongTerm.Date},
				named{"its maintenance", l.Maintenance.Date}, named{"its end", l.End.Date})
			out.Lines = append(out.Lines, l)
		}
		r.sameLines(out.Lines)
	})
}

package rating

// Long is [Tariff.Charge] without the quick way.
func (t *Tariff) Long(u Usage) (Charge, error) { return t.long(u, true) }

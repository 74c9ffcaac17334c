package calendar

type Window struct{}

func (r *ruleReader) takeWindow(line ruleLine) bool { return false }

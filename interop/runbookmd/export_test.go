package runbookmd

// FrontMatterEnd returns where the Markdown begins.
func (d *Document) FrontMatterEnd() int { return d.front.span.To }

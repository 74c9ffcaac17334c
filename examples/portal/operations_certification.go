package main

// certificationArea is what proves that the platform does what it is supposed to.
func (p *portal) certificationArea() area {
	return area{
		pages: map[string]route{},
	}
}

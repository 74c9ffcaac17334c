package main

// apisArea is which APIs there are, and which bindings keep up with them.
func (p *portal) apisArea() area {
	return area{
		pages: map[string]route{},
	}
}

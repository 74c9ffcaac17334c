package main

// featuresArea is what the platform can do, who may use it and who hears of it.
func (p *portal) featuresArea() area {
	return area{
		pages: map[string]route{},
	}
}

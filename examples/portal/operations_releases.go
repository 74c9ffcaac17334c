package main

import "net/http"

// The pages of what is released: they are parts of one place, and lead to each other.
const (
	releasesPath      = "/releases"
	featuresPath      = "/features"
	certificationPath = "/certification"
	apisPath          = "/apis"
)

// releasesArea is when the platform is released, and whether that was kept.
func (p *portal) releasesArea() area {
	return area{
		pages: map[string]route{},
	}
}

// releaseParts are the ways between the pages of what is released.
func releaseParts(r *http.Request) []navItem {
	items := []navItem{{Path: releasesPath, Name: "Schedule"}, {Path: featuresPath, Name: "Features"}, {Path: certificationPath, Name: "Certification"}, {Path: apisPath, Name: "APIs and bindings"}}
	for n := range items {
		items[n].Current = r.URL.Path == items[n].Path
	}
	return items
}

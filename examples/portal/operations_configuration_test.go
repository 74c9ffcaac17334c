package main

// pagesOfConfiguration are those of what there is, and how it is meant to be.
func pagesOfConfiguration() []string {
	const alder = "/customers/alder/configuration"
	return []string{
		"/configuration", "/configuration?only=unauthorised", "/configuration/unknown", "/configuration/strays",
		alder, alder + "?standing=unknown&type=network", alder + "/items/alder-db-1", alder + "/items/alder-erp-1?at=2026-11-01T10:00", alder + "/items/alder-files-1", alder + "/items/alder-fax-1", "/customers/birch/configuration/items/birch-fw-1",
		alder + "/observe", alder + "/baselines", alder + "/baselines/taken-over?with=now", alder + "/baselines/release-84?with=taken-over",
	}
}

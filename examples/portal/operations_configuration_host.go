package main

import (
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// itemTypes are the types of what this provider records of its customers.
func itemTypes() []configuration.Type {
	const fresh = 26 * time.Hour // a sweep a night, and two hours
	text, number := configuration.Text, configuration.Number
	return append([]configuration.Type{
		{
			Name: "server", Title: "Server", Fresh: calendar.Within(fresh),
			Attributes: []configuration.Attribute{
				{Path: "/host", Kind: text, Required: true, Text: "its name in the network"},
				{Path: "/os", Kind: text, Text: "operating system"},
				{Path: "/cpus", Kind: number, Text: "virtual processors"},
				{Path: "/memory", Kind: text, Text: "working memory"},
				{Path: "/packages", Kind: configuration.Object, Text: "programs and their versions"},
				{Path: "/firewall", Kind: configuration.List, Text: "ports that are open, each with from where"},
				{Path: "/backup", Kind: configuration.Object, Text: "when it is backed up, and for how long that is kept"},
			},
			Rules: configuration.Rules{List: []configuration.Rule{
				{Path: "/firewall", Key: []configuration.KeyField{{Name: "port"}, {Name: "protocol", Default: "tcp"}}, Severity: configuration.Critical},
				{Path: "/firewall", Below: true, Severity: configuration.Critical},
				{Path: "/memory", Units: configuration.ByteUnits()},
				{Path: "/cpus", Severity: configuration.Warning},
				{Path: "/packages", Below: true, Severity: configuration.Warning},
				{Path: "/backup", Below: true, Severity: configuration.Critical},
				{Path: "/uptime", Ignore: true},
			}},
		},
		{
			Name: "instance", Title: "Database", Fresh: calendar.Within(fresh),
			Attributes: []configuration.Attribute{
				{Path: "/engine", Kind: text, Required: true},
				{Path: "/version", Kind: text, Required: true},
				{Path: "/address", Kind: text, Text: "where programs reach it"},
				{Path: "/password", Kind: text, Text: "of the account of order entry; nobody is shown it"},
				{Path: "/connections", Kind: number, Text: "most at once"},
				{Path: "/settings", Kind: configuration.Object},
			},
			Rules: configuration.Rules{List: []configuration.Rule{
				{Path: "/password", Secret: true, Severity: configuration.Critical},
				{Path: "/settings/timeout", Units: configuration.TimeUnits()},
				{Path: "/settings/shared_memory", Units: configuration.ByteUnits()},
				{Path: "/version", Severity: configuration.Warning},
			}},
		},
		{
			Name: "network", Title: "Network device", Fresh: calendar.Within(3 * fresh),
			Attributes: []configuration.Attribute{{Path: "/model", Kind: text}, {Path: "/firmware", Kind: text, Required: true}, {Path: "/vlans", Kind: configuration.List, Text: "networks that it carries"}},
			Rules:      configuration.Rules{List: []configuration.Rule{{Path: "/vlans", Set: true, Severity: configuration.Warning}, {Path: "/firmware", Severity: configuration.Warning}}},
		},
		{
			Name: "domain", Title: "Mail domain", Fresh: calendar.Within(7 * 24 * time.Hour),
			Attributes: []configuration.Attribute{{Path: "/name", Kind: text, Required: true}, {Path: "/records", Kind: configuration.Object, Text: "what stands in the name service"}},
			Rules:      configuration.Rules{List: []configuration.Rule{{Path: "/records", Below: true, Severity: configuration.Warning}}},
		},
	}, patchedTypes()...)
}

// configurationRules are what the portal records. The key stands in the program, for it
// is a demonstration; a real host keeps it where it keeps its other secrets.
func configurationRules() configuration.Options {
	return configuration.Options{Types: itemTypes(), SecretKey: []byte("nordlicht: a demonstration, and no secret")}
}

package configuration

import "github.com/servicecoin/servicecoin/internal/document"

// form is how a hand-over looks.
func form() document.Form { return document.Form{Style: style} }

const style = `body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}` +
	`table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid #999;padding:.2rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}` +
	`dt{font-weight:bold;float:left;clear:left;margin-right:.5rem}dd{margin:0}` +
	`@media print{body{margin:0;max-width:none}h2,h3{break-after:avoid}tr{break-inside:avoid}}`

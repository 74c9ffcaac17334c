module github.com/servicecoin/servicecoin/examples

go 1.26.0

require (
	github.com/chromedp/cdproto v0.159.0
	github.com/chromedp/chromedp v0.23.0
	github.com/google/go-cmp v0.7.0
	github.com/jackc/pgx/v5 v5.12.0
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	github.com/servicecoin/servicecoin v0.0.0
	github.com/servicecoin/servicecoin/interop/advisory v0.0.0
	github.com/servicecoin/servicecoin/interop/inventory v0.0.0
	github.com/servicecoin/servicecoin/interop/junit v0.0.0
	github.com/servicecoin/servicecoin/interop/openapi v0.0.0
	github.com/servicecoin/servicecoin/interop/releases v0.0.0
	github.com/servicecoin/servicecoin/interop/runbookmd v0.0.0
	github.com/servicecoin/servicecoin/store/postgres v0.0.0-00010101000000-000000000000
	github.com/servicecoin/servicecoin/store/sqlite v0.0.0
	github.com/shopspring/decimal v1.6.0
	github.com/stretchr/testify v1.12.1
	go.yaml.in/yaml/v4 v4.0.0
	golang.org/x/text v0.43.0
)

require (
	cloud.google.com/go v0.123.0 // indirect
	github.com/TwiN/go-color v1.4.1 // indirect
	github.com/dustin/go-humanize v1.0.1 // indirect
	github.com/getkin/kin-openapi v0.153.0 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/go-openapi/jsonpointer v1.0.2 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/puddle/v2 v2.2.3 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/ncruces/go-strftime v1.0.0 // indirect
	github.com/oasdiff/oasdiff v1.37.0 // indirect
	github.com/pandatix/go-cvss v0.6.4 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	github.com/tidwall/gjson v1.20.0 // indirect
	github.com/tidwall/match v1.2.0 // indirect
	github.com/tidwall/pretty v1.2.2 // indirect
	github.com/tidwall/sjson v1.2.5 // indirect
	github.com/wI2L/jsondiff v0.7.1 // indirect
	github.com/yargevad/filepathx v1.0.0 // indirect
	github.com/yuin/goldmark v1.8.7 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	modernc.org/libc v1.77.1 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.12.1 // indirect
	modernc.org/sqlite v1.60.1 // indirect
)

replace (
	github.com/servicecoin/servicecoin => ..
	github.com/servicecoin/servicecoin/interop/advisory => ../interop/advisory
	github.com/servicecoin/servicecoin/interop/inventory => ../interop/inventory
	github.com/servicecoin/servicecoin/interop/junit => ../interop/junit
	github.com/servicecoin/servicecoin/interop/openapi => ../interop/openapi
	github.com/servicecoin/servicecoin/interop/releases => ../interop/releases
	github.com/servicecoin/servicecoin/interop/runbookmd => ../interop/runbookmd
	github.com/servicecoin/servicecoin/store/postgres => ../store/postgres
	github.com/servicecoin/servicecoin/store/sqlite => ../store/sqlite
)

module github.com/servicecoin/servicecoin/interop/advisory

go 1.26.0

require (
	github.com/pandatix/go-cvss v0.6.4
	github.com/servicecoin/servicecoin v0.0.0
	github.com/shopspring/decimal v1.6.0
	go.yaml.in/yaml/v4 v4.0.0
)

require github.com/google/uuid v1.6.0 // indirect

replace github.com/servicecoin/servicecoin => ../..

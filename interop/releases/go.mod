module github.com/servicecoin/servicecoin/interop/releases

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/servicecoin/servicecoin v0.0.0
	github.com/stretchr/testify v1.12.1
	go.yaml.in/yaml/v4 v4.0.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/shopspring/decimal v1.6.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/servicecoin/servicecoin => ../..

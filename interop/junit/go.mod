module github.com/servicecoin/servicecoin/interop/junit

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/servicecoin/servicecoin v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/google/uuid v1.6.0 // indirect
	github.com/shopspring/decimal v1.6.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/servicecoin/servicecoin => ../..

module github.com/servicecoin/servicecoin/interop/advisory

go 1.26.0

require github.com/servicecoin/servicecoin v0.0.0

require (
	github.com/google/uuid v1.6.0 // indirect
	github.com/shopspring/decimal v1.6.0 // indirect
)

replace github.com/servicecoin/servicecoin => ../..

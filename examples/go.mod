module github.com/servicecoin/servicecoin/examples

go 1.26.0

require (
	github.com/servicecoin/servicecoin v0.0.0
	github.com/servicecoin/servicecoin/store/sqlite v0.0.0
	github.com/servicecoin/servicecoin/store/postgres v0.0.0
)

replace (
	github.com/servicecoin/servicecoin => ..
	github.com/servicecoin/servicecoin/store/sqlite => ../store/sqlite
	github.com/servicecoin/servicecoin/store/postgres => ../store/postgres
)

module github.com/servicecoin/servicecoin/tools

go 1.26.0

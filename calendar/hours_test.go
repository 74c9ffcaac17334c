package calendar_test

import (
	"strconv"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func itoa(n int) string { return strconv.Itoa(n) }

func emptyIsNil() cmp.Option { return cmpopts.EquateEmpty() }

package servicecoin_test
import (
 _ "github.com/stretchr/testify/require"
 _ "github.com/stretchr/testify/assert"
 _ "github.com/google/go-cmp/cmp"
 _ "github.com/google/go-cmp/cmp/cmpopts"
 _ "github.com/google/uuid"
 _ "pgregory.net/rapid"
)

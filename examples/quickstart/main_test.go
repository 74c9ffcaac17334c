package main

import "testing"

// The story stops at the first error; that it comes to its end is the test.
func TestStory(*testing.T) { main() }

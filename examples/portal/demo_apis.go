package main

import "context"

// apisOfDemo are its APIs, and the bindings to them.
func (d demo) apisOfDemo(context.Context) error { return nil }

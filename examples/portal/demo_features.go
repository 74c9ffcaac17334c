package main

import "context"

// featuresOfDemo are the platform's features, and how far they are.
func (d demo) featuresOfDemo(context.Context) error { return nil }

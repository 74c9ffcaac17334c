// Package configuration is what there is, and how it is meant to be.
package configuration

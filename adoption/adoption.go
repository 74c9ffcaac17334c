// Package adoption models how people come to use a service.
package adoption

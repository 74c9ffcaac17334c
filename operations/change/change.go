// Package change models what is done to services on purpose: who asks for it and
// why, what it touches, when it may happen, who says yes, how it is put back, and
// how it went.
package change

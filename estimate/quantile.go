package estimate

import "math"

// NormalQuantile returns the z of a two-sided level: 1.96 for 0.95.
func NormalQuantile(level float64) float64 { return math.Sqrt2 * math.Erfinv(level) }

// BetaQuantile returns the x at which a beta distribution has so much below
// it, a share from 0 to 1; a and b are above 0. It halves the range until no number lies between, so that small
// quantiles are as precise as large ones.
func BetaQuantile(p, a, b float64) float64 {
	low, high := 0.0, 1.0
	for {
		middle := low + (high-low)/2
		if middle <= low || middle >= high {
			return middle
		}
		if betaBelow(middle, a, b) < p {
			low = middle
		} else {
			high = middle
		}
	}
}

// betaBelow is the regularised incomplete beta function: how much of a beta
// distribution lies below x. Continued fraction of Abramowitz and Stegun
// 26.5.8, on the side where it converges quickly.
func betaBelow(x, a, b float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	}
	whole, _ := math.Lgamma(a + b)
	left, _ := math.Lgamma(a)
	right, _ := math.Lgamma(b)
	front := math.Exp(whole - left - right + a*math.Log(x) + b*math.Log1p(-x))
	if x < (a+1)/(a+b+2) {
		return front * betaFraction(x, a, b) / a
	}
	return 1 - front*betaFraction(1-x, b, a)/b
}

// betaFraction evaluates the continued fraction by the method of Lentz. It
// needs about as many steps as the root of the larger parameter.
func betaFraction(x, a, b float64) float64 {
	const (
		near = 4e-16
		tiny = 1e-300
		most = 1_000_000
	)
	away := func(f float64) float64 {
		if math.Abs(f) < tiny {
			return tiny
		}
		return f
	}
	c, d := 1.0, 1/away(1-(a+b)*x/(a+1))
	f := d
	for step := 1; step < most; step++ {
		m := float64(step)
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d, c = 1/away(1+even*d), away(1+even/c)
		f *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d, c = 1/away(1+odd*d), away(1+odd/c)
		f *= d * c
		if math.Abs(d*c-1) <= near {
			break
		}
	}
	return f
}

// StudentQuantile returns the two-sided quantile of Student's distribution: 2.776
// for 4 degrees of freedom, of which there is one at least, and 0.95.
func StudentQuantile(degrees int, level float64) float64 {
	nu := float64(degrees)
	x := BetaQuantile(1-level, nu/2, 0.5)
	return math.Sqrt(nu * (1 - x) / x)
}

package advisory

import (
	"fmt"
	"strconv"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// maxVector is how long a vector may be: the longest there is has about 250 bytes.
const maxVector = 500

// Score returns the score of a CVSS vector, and the word for it: of 2.0, 3.0 and 3.1 the
// base score, of 4.0 that of all metrics which the vector has. Vectors of 3.x and 4.0 begin
// with "CVSS:3.1/" and the like. 2.0 has no word for critical.
func Score(vector string) (decimal.Decimal, patch.Severity, error) {
	var v servicecoin.Violations
	if len(vector) > maxVector {
		v.Add("vector", "too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(vector), maxVector))
		return decimal.Decimal{}, "", v.Err()
	}
	score, err := reckon(vector)
	if err != nil {
		v.Add("vector", "bad-vector", vector, "must be a vector of CVSS 2.0, 3.0, 3.1 or 4.0: "+err.Error())
		return decimal.Decimal{}, "", v.Err()
	}
	d, err := decimal.NewFromString(strconv.FormatFloat(score, 'f', 1, 64))
	if err != nil {
		v.Add("vector", "bad-vector", vector, "has no score")
		return decimal.Decimal{}, "", v.Err()
	}
	s := patch.SeverityOf(decimal.NewNullDecimal(d))
	if !strings.HasPrefix(vector, "CVSS:") {
		s = severity2(d)
	}
	return d, s, nil
}

// severity2 is the word of a score of CVSS 2.0, in the National Vulnerability Database's
// scale.
func severity2(score decimal.Decimal) patch.Severity {
	s := patch.SeverityOf(decimal.NewNullDecimal(score))
	switch s {
	case patch.Critical:
		return patch.High
	case patch.None:
		return patch.Low
	case patch.Unknown, patch.Low, patch.Medium, patch.High:
	}
	return s
}

func reckon(vector string) (float64, error) {
	switch {
	case strings.HasPrefix(vector, "CVSS:4.0"):
		c, err := gocvss40.ParseVector(ordered(vector))
		if err != nil {
			return 0, err
		}
		return c.Score(), nil
	case strings.HasPrefix(vector, "CVSS:3.1"):
		c, err := gocvss31.ParseVector(vector)
		if err != nil {
			return 0, err
		}
		return c.BaseScore(), nil
	case strings.HasPrefix(vector, "CVSS:3.0"):
		c, err := gocvss30.ParseVector(vector)
		if err != nil {
			return 0, err
		}
		return c.BaseScore(), nil
	case strings.HasPrefix(vector, "CVSS:"):
		return 0, fmt.Errorf("version %s is not known", strings.SplitN(vector[len("CVSS:"):], "/", 2)[0])
	}
	c, err := gocvss20.ParseVector(strings.Trim(vector, "()"))
	if err != nil {
		return 0, err
	}
	return c.BaseScore(), nil
}

// metrics40 are the metrics of 4.0 in the order of its standard.
const metrics40 = "AV AC AT PR UI VC VI VA SC SI SA E CR IR AR MAV MAC MAT MPR MUI MVC MVI MVA MSC MSI MSA S AU R V RE U"

// ordered brings the metrics of a vector of 4.0 into their order: people write them in
// another one, FIRST's own examples among them. What it does not know it leaves alone.
func ordered(vector string) string {
	parts := strings.Split(vector, "/")
	by := make(map[string]string, len(parts))
	for _, p := range parts[1:] {
		name, _, _ := strings.Cut(p, ":")
		if _, again := by[name]; again {
			return vector
		}
		by[name] = p
	}
	out := parts[:1:1]
	for name := range strings.SplitSeq(metrics40, " ") {
		if p, ok := by[name]; ok {
			out = append(out, p)
		}
	}
	if len(out) != len(parts) {
		return vector
	}
	return strings.Join(out, "/")
}

// generation tells which of two vectors is of a newer CVSS.
func generation(vector string) int {
	for n, prefix := range []string{"CVSS:3.0", "CVSS:3.1", "CVSS:4.0"} {
		if strings.HasPrefix(vector, prefix) {
			return n + 1
		}
	}
	return 0
}

// rate gives a bulletin the score of a vector: that of the newest CVSS counts, of the same
// the highest.
func rate(b *patch.Bulletin, vector string, score decimal.Decimal, s patch.Severity) {
	if b.Score.Valid {
		old, own := generation(b.Vector), generation(vector)
		if own < old || own == old && score.LessThanOrEqual(b.Score.Decimal) {
			return
		}
	}
	b.Score, b.Vector, b.Severity = decimal.NewNullDecimal(score), vector, ""
	if s != patch.SeverityOf(b.Score) {
		b.Severity = s
	}
}

// word reads a severity as its publisher says it: in the words of CVSS, or of Red Hat,
// Microsoft and GitHub.
func word(text string) patch.Severity {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "none", "informational":
		return patch.None
	case "low", "minor":
		return patch.Low
	case "medium", "moderate":
		return patch.Medium
	case "high", "important", "major":
		return patch.High
	case "critical", "urgent":
		return patch.Critical
	}
	return ""
}

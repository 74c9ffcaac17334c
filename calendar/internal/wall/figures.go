package wall

import "time"

// Digits reports whether text has nothing in it but the digits 0 to 9.
func Digits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// Number reads up to four digits.
func Number(text string) int {
	n := 0
	for i := range len(text) {
		n = n*10 + int(text[i]-'0')
	}
	return n
}

// Week returns the days from Monday to Sunday.
func Week() [7]time.Weekday {
	return [...]time.Weekday{
		time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday,
	}
}

// DayWord returns "Mo" for Monday.
func DayWord(d time.Weekday) string { return d.String()[:2] }

// Package iso4217 knows the currencies of ISO 4217 by the digits of their minor
// unit, for package money and for those who print amounts without it.
package iso4217

import "strings"

// The codes of ISO 4217, List One, as published for January 2026, by the digits
// of their minor unit. A code that is withdrawn moves to the last line of its
// digits and stays: amounts of old records must be readable for good.
const (
	noDigits  = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF "
	twoDigits = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD " +
		"BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP " +
		"DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF " +
		"IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL " +
		"MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR " +
		"NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP " +
		"SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD " +
		"USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG " +
		"ANG BGN CUC HRK SLL ZWL "
	oneDigit    = "" // no currency has one
	threeDigits = "BHD IQD JOD KWD LYD OMR TND "
	fourDigits  = "CLF UYW "

	// Metals, units of account and codes for tests have no minor unit.
	notMoney = "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX "
)

// Digits returns the number of decimals of the minor unit of a currency: 2 for EUR,
// 0 for JPY. It is false for a code that is unknown or has no minor unit.
func Digits(code string) (digits int, known bool) {
	for n, list := range [...]string{noDigits, oneDigit, twoDigits, threeDigits, fourDigits} {
		if listed(code, list) {
			return n, true
		}
	}
	return 0, false
}

// NotMoney reports a code that has no minor unit, so that nobody can owe an amount of
// it.
func NotMoney(code string) bool { return listed(code, notMoney) }

// listed reports whether the code is one of the list. Codes are three letters
// and the list has a space after each, so no code is found across two.
func listed(code, list string) bool {
	const letters = 3
	if len(code) != letters || code[0] == ' ' || code[1] == ' ' || code[2] == ' ' {
		return false
	}
	return strings.Contains(list, code)
}

package metering

import (
	"encoding/binary"
	"errors"
	"math/big"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// Entries are written one after the other, each with what differs from the one before.
// Stores keep them so until a day is over, and then in blocks: see [Block.Encode].

const entriesVersion = 1

// What is said of an entry before it. A text that is as that of the entry before is not
// written again.
const (
	ofGone = 1 << iota
	ofValue
	ofOpenEnd
	ofEnd
	ofFields
	ofTime
	ofFact
	sameCustomer
	sameSource
	sameType
	sameSubject
	sameDims
	sameKnown
	inWords // the value, or a field, has more digits than a machine word

	allFlags = 1<<iota - 1
)

var errEntries = errors.New("metering: the bytes of entries are broken")

// AppendEntries writes entries behind dst. What several calls have written, one behind
// the other, is read as one list.
func AppendEntries(dst []byte, entries []Entry) []byte {
	if len(entries) == 0 {
		return dst
	}
	dst = append(dst, entriesVersion)
	dst = binary.AppendUvarint(dst, uint64(len(entries)))
	var before Event
	at, known := int64(0), int64(0)
	for i := range entries {
		e := &entries[i]
		flags := e.flags(&before, known)
		dst = binary.LittleEndian.AppendUint16(dst, flags)
		dst = appendTexts(dst, e, flags)
		if flags&ofTime != 0 {
			n := e.Time.UnixMicro()
			dst = binary.AppendVarint(dst, n-at)
			at = n
		}
		if flags&ofEnd != 0 {
			dst = binary.AppendVarint(dst, e.End.UnixMicro()-at)
		}
		if flags&sameKnown == 0 {
			n := e.RecordedAt.UnixMicro()
			dst = binary.AppendVarint(dst, n-known)
			known = n
		}
		if flags&ofValue != 0 {
			dst = appendDecimal(dst, e.Value.Decimal, flags)
		}
		if flags&ofFields != 0 {
			dst = binary.AppendUvarint(dst, uint64(len(e.Fields)))
			for _, f := range e.Fields {
				dst = appendDecimal(appendText(dst, f.Name), f.Value, flags)
			}
		}
		if flags&ofFact != 0 {
			dst = appendText(appendText(appendText(dst, string(e.Does)), e.Of.Source), e.Of.ID)
		}
		before = e.Event
	}
	return dst
}

// flags says what there is of an entry that is written.
func (e *Entry) flags(before *Event, known int64) uint16 {
	flags := uint16(0)
	set := func(flag uint16, is bool) {
		if is {
			flags |= flag
		}
	}
	set(ofGone, e.Gone)
	set(ofValue, e.Value.Valid)
	set(ofOpenEnd, e.Open)
	set(ofEnd, !e.End.IsZero())
	set(ofFields, len(e.Fields) > 0)
	set(ofTime, !e.Time.IsZero())
	set(ofFact, e.Does != Happen)
	set(sameCustomer, e.Customer == before.Customer)
	set(sameSource, e.Source == before.Source)
	set(sameType, e.Type == before.Type)
	set(sameSubject, e.Subject == before.Subject)
	set(sameDims, sameDimensions(e.Dimensions, before.Dimensions))
	set(sameKnown, e.RecordedAt.UnixMicro() == known)
	set(inWords, e.Value.Valid && !isWord(e.Value.Decimal))
	for _, f := range e.Fields {
		set(inWords, !isWord(f.Value))
	}
	return flags
}

func appendTexts(dst []byte, e *Entry, flags uint16) []byte {
	if flags&sameCustomer == 0 {
		dst = appendText(dst, string(e.Customer))
	}
	if flags&sameSource == 0 {
		dst = appendText(dst, e.Source)
	}
	if flags&sameType == 0 {
		dst = appendText(dst, e.Type)
	}
	dst = appendText(dst, e.ID)
	if flags&sameSubject == 0 {
		dst = appendText(dst, e.Subject)
	}
	if flags&sameDims == 0 {
		dst = binary.AppendUvarint(dst, uint64(len(e.Dimensions)))
		for _, d := range e.Dimensions {
			dst = appendText(appendText(dst, d.Name), d.Value)
		}
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// isWord reports whether the digits of a decimal are a number of 64 bits.
func isWord(d decimal.Decimal) bool {
	const sure = 18
	return d.NumDigits() <= sure
}

// appendDecimal writes a decimal as its digits and its exponent.
func appendDecimal(dst []byte, d decimal.Decimal, flags uint16) []byte {
	dst = binary.AppendVarint(dst, int64(d.Exponent()))
	if flags&inWords == 0 {
		return binary.AppendVarint(dst, d.CoefficientInt64())
	}
	digits := d.Coefficient()
	return append(binary.AppendVarint(dst, int64(len(digits.Bytes()))*int64(digits.Sign())), digits.Bytes()...)
}

// ReadEntries reads what [AppendEntries] has written. It keeps none of the bytes; the
// texts of the entries are parts of one.
func ReadEntries(b []byte) ([]Entry, error) {
	r := entryReader{blockReader: blockReader{in: string(b)}}
	var list []Entry
	for r.in != "" && !r.bad {
		if r.byte() != entriesVersion {
			return nil, errEntries
		}
		const least = 3 // bytes of an entry
		n := r.uvarint()
		if n == 0 || n > uint64(len(r.in)/least) {
			return nil, errEntries
		}
		if list == nil {
			list = make([]Entry, 0, n)
		}
		r.before, r.at, r.known = Event{}, 0, 0
		for ; n > 0 && !r.bad; n-- {
			list = append(list, r.entry())
		}
	}
	if r.bad {
		return nil, errEntries
	}
	return list, nil
}

// entryReader reads entries.
type entryReader struct {
	blockReader

	before    Event
	at, known int64
}

func (r *entryReader) entry() (e Entry) {
	flags := uint16(r.byte()) | uint16(r.byte())<<8 //nolint:mnd // two bytes
	if flags&^allFlags != 0 {
		r.bad = true
		return e
	}
	e.Gone, e.Open = flags&ofGone != 0, flags&ofOpenEnd != 0
	r.texts(&e, flags)
	if flags&ofTime != 0 {
		r.at += r.varint()
		e.Time = r.instant(r.at)
	}
	if flags&ofEnd != 0 {
		e.End = r.instant(r.at + r.varint())
	}
	if flags&sameKnown == 0 {
		r.known += r.varint()
	}
	e.RecordedAt = r.instant(r.known)
	if flags&ofValue != 0 {
		e.Value = servicecoin.Some(r.decimal(flags))
	}
	if flags&ofFields != 0 {
		for n := r.count(); n > 0 && !r.bad; n-- {
			e.Fields = append(e.Fields, Field{r.text(), r.decimal(flags)})
		}
	}
	if flags&ofFact != 0 {
		e.Does, e.Of = Act(r.text()), Ref{r.text(), r.text()}
	}
	r.before = e.Event
	return e
}

func (r *entryReader) texts(e *Entry, flags uint16) {
	e.Customer, e.Source, e.Type, e.Subject = r.before.Customer, r.before.Source, r.before.Type, r.before.Subject
	if flags&sameCustomer == 0 {
		e.Customer = servicecoin.CustomerID(r.text())
	}
	if flags&sameSource == 0 {
		e.Source = r.text()
	}
	if flags&sameType == 0 {
		e.Type = r.text()
	}
	e.ID = r.text()
	if flags&sameSubject == 0 {
		e.Subject = r.text()
	}
	if flags&sameDims != 0 {
		e.Dimensions = append(Dimensions(nil), r.before.Dimensions...)
		return
	}
	const least = 2 // bytes of a dimension
	n := r.uvarint()
	if n > uint64(len(r.in)/least) {
		r.bad = true
		return
	}
	if n > 0 {
		e.Dimensions = make(Dimensions, n)
	}
	for i := range e.Dimensions {
		e.Dimensions[i] = Dimension{r.text(), r.text()}
	}
}

// instant returns a time of the years that events have.
func (r *entryReader) instant(micros int64) time.Time {
	if micros < earliest || micros >= tooLate {
		r.bad = true
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

func (r *entryReader) decimal(flags uint16) decimal.Decimal {
	exponent := r.varint()
	if exponent < -MaxPlaces || exponent > MaxDigits {
		r.bad = true
		return decimal.Decimal{}
	}
	if flags&inWords == 0 {
		return decimal.New(r.varint(), int32(exponent))
	}
	size := r.varint()
	n := max(size, -size)
	if n < 0 || n > int64(len(r.in)) || n > MaxDigits+MaxPlaces {
		r.bad = true
		return decimal.Decimal{}
	}
	digits := new(big.Int).SetBytes([]byte(r.in[:n]))
	r.in = r.in[n:]
	if size < 0 {
		digits.Neg(digits)
	}
	return decimal.NewFromBigInt(digits, int32(exponent))
}

package connectors

import (
	"strconv"
	"time"

	"bestbefore/assets/words"
	"bestbefore/consent"
)

// Fault is an *Error: one sentence for the person, no secrets, and its cause.
func Fault(k consent.ErrorKind, text string, err error) error {
	return &Error{Kind: k, Text: text, Err: err}
}

// NeedsPerson is the fault that a person must do something about.
func NeedsPerson(text string, err error) error { return Fault(consent.KindNeedsPerson, text, err) }

// Permanent is the fault that comes again however often it is tried.
func Permanent(text string, err error) error { return Fault(consent.KindPermanent, text, err) }

// Transient is the fault that may be over at the next try.
func Transient(text string, err error) error { return Fault(consent.KindTransient, text, err) }

// Unsupported is the fault of what the peer or the connector cannot do.
func Unsupported(text string, err error) error { return Fault(consent.KindUnsupported, text, err) }

// Seconds reads an answer that is a pause in seconds, from 0.05 to 3600; empty is usual.
func Seconds(text string, usual time.Duration) (time.Duration, error) {
	if text == "" {
		return usual, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0.05 && n <= 3600) {
		return 0, NeedsPerson(words.Sprintf("%q is not a number of seconds between 0.05 and 3600; write one such as 30.", text), nil)
	}
	return time.Duration(n * float64(time.Second)), nil
}

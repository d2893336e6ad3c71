package consent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"bestbefore/assets/words"
)

// maxRecord bounds a stored record; the largest valid one is about 100 KiB.
const maxRecord = 1 << 18

// Decode reads a stored record. Garbage, a record of a later schema and a
// record that contradicts itself are refused, so that nothing is ever active
// from a damaged row; the caller puts such a row aside and shows it.
func Decode(b []byte) (Consent, error) {
	if len(b) > maxRecord {
		return Consent{}, words.Errorf("%w: the record is too large", ErrInvalid)
	}
	var c Consent
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&c); err != nil {
		return Consent{}, words.Errorf("%w: reading the record: %w", ErrInvalid, err)
	}
	if d.More() {
		return Consent{}, words.Errorf("%w: something follows the record", ErrInvalid)
	}
	if err := c.Validate(); err != nil {
		return Consent{}, err
	}
	return c, nil
}

// Encode writes c so that Decode gives it back.
func (c Consent) Encode() ([]byte, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	b, err := json.Marshal(c)
	if err != nil {
		return nil, words.Errorf("writing the record: %w", err)
	}
	return b, nil
}

// Validate reports the first thing that makes c unusable as a record.
func (c Consent) Validate() error {
	for _, check := range []func(Consent) string{faultOfBounds, faultOfWords, faultOfWhat, faultOfDates} {
		if why := check(c); why != "" {
			return fmt.Errorf("%w: %s", ErrInvalid, why)
		}
	}
	return nil
}

func faultOfBounds(c Consent) string {
	switch {
	case c.SchemaVersion < 1 || c.SchemaVersion > SchemaVersion:
		return words.Text("it was written by a later version of this program")
	case c.ID == "" || len(c.ID) > maxWord:
		return words.Text("it has no usable id")
	case c.Version < 1:
		return words.Text("it has no version")
	case c.Version > 1 && len(c.PreviousHash) != 64:
		return words.Text("it is not tied to the version before")
	case c.Device == "" || len(c.Device) > maxWord:
		return words.Text("it names no device")
	case len(c.DecidedBy) > maxWord || len(c.DecidedHow) > maxWord || len(c.Zone) > maxWord:
		return words.Text("who decided is too long")
	case len(c.Identity) > maxIdentity:
		return words.Text("it names too many identifiers")
	}
	return ""
}

func faultOfWords(c Consent) string {
	decided := []Decided{Unknown, Requested, Deferred, Given, Renewed, Refused, Expired, Withdrawn, Revoked, Invalidated}
	switch {
	case !slices.Contains(decided, c.Decided):
		return words.Text("what was decided is not known")
	case !slices.Contains(Remedies(), c.Remedy):
		return words.Text("what happens at the end is not known")
	case !slices.Contains([]Seen{"", NotChecked, Stopped, Flowing, CannotTell}, c.Seen):
		return words.Text("what was seen is not known")
	case !slices.Contains([]TermKind{UntilDate, ForPeriod, NoEnd}, c.Term.Kind):
		return words.Text("how long it lasts is not known")
	}
	return ""
}

func faultOfWhat(c Consent) string {
	r, err := c.Recipient.Normal()
	switch {
	case err != nil:
		return words.Text("its recipient cannot be used")
	case r.Name != c.Recipient.Name || r.Any != c.Recipient.Any || !slices.Equal(r.Destinations, c.Recipient.Destinations):
		return words.Text("its recipient is not in canonical form")
	}
	data, err := normalCategories(c.Data)
	if err != nil || !slices.Equal(data, c.Data) {
		return words.Text("its kinds of data cannot be used")
	}
	return ""
}

// faultOfDates keeps T12: only a named "no end" has no date.
func faultOfDates(c Consent) string {
	switch {
	case c.Given.IsZero():
		return words.Text("when it was given is not known")
	case (c.Term.Kind == NoEnd) != c.Expires.IsZero():
		return words.Text("only a permission without an end has no date")
	case c.Term.Kind != NoEnd && !c.Expires.After(c.Given):
		return words.Text("it ends before it begins")
	case c.Expires.Year() > 9998 || c.Given.Year() < 1970 || c.GraceUntil.Year() > 9998:
		return words.Text("its dates are out of range")
	case c.Term.Kind == NoEnd && !c.GraceUntil.IsZero():
		return words.Text("it has no end, so it cannot have been extended")
	case !c.GraceUntil.IsZero() && (!c.GraceUsed || c.GraceUntil.Sub(c.Expires) > MaxGrace):
		return words.Text("it was extended further than allowed")
	case c.Decided.Live() && !c.Ended.IsZero():
		return words.Text("it is in force and has ended")
	case (c.Decided == Expired || c.Decided == Withdrawn) && c.Ended.IsZero():
		return words.Text("it has ended, but not when")
	case c.Decided == Expired && c.Ended.Before(c.DueAt()):
		return words.Text("it ended before its date")
	case !sameInstants(c):
		return words.Text("its times are not in UTC")
	}
	return ""
}

func sameInstants(c Consent) bool {
	for _, t := range []time.Time{c.Given, c.Expires, c.GraceUntil, c.Ended, c.SeenAt} {
		if _, off := t.Zone(); off != 0 {
			return false
		}
	}
	return true
}

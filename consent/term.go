package consent

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// TermKind says how a term was chosen.
type TermKind string

// The kinds of term. NoEnd is a named choice with a yearly check; a zero date
// never means "for ever" (T12).
const (
	UntilDate TermKind = "until"
	ForPeriod TermKind = "for"
	NoEnd     TermKind = "no_end"
)

// Term is until when a consent holds, as the person said it.
type Term struct {
	Kind  TermKind `json:"kind"`
	Civil string   `json:"civil,omitempty"` // UntilDate: YYYY-MM-DD or YYYY-MM-DDThh:mm:ss
	Rule  string   `json:"rule,omitempty"`  // ForPeriod: ISO 8601 duration, "P6M", "PT90S"
}

// Checksum is the SHA-256 of the decision in c, in hex: every field but the
// third axis, which moves without a new version.
func (c Consent) Checksum() string {
	c.Seen, c.SeenAt, c.SeenBy = "", time.Time{}, ""
	b, err := json.Marshal(c)
	if err != nil { // only unsupported types can fail, and Consent has none
		panic("consent: " + err.Error()) //nolint:forbidigo // a consent without a checksum must not exist
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

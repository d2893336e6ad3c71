package discovery

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Millis is a moment in milliseconds since 1970 UTC; it prints as RFC 3339.
// Zero means "never".
type Millis int64

// At converts t; the zero time gives zero.
func At(t time.Time) Millis {
	if t.IsZero() {
		return 0
	}
	return Millis(t.UnixMilli())
}

// Time converts back, in UTC; zero gives the zero time.
func (m Millis) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

// MarshalJSON writes RFC 3339 in UTC, or null for zero.
func (m Millis) MarshalJSON() ([]byte, error) {
	if m == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(m.Time().Format(time.RFC3339Nano))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Millis) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*m = 0
		return nil
	}
	var t time.Time
	if err := json.Unmarshal(b, &t); err != nil {
		return fmt.Errorf("reading a time: %w", err)
	}
	*m = At(t)
	return nil
}

// TXT is the character strings of a DNS-SD TXT record (RFC 6763 section 6), raw
// bytes in the order sent.
type TXT []string

// Get returns the value of key, compared without case; the first one wins
// (RFC 6763 section 6.4). ok is false when there is no such key.
func (t TXT) Get(key string) (value string, ok bool) {
	for _, s := range t {
		k, v, _ := strings.Cut(s, "=")
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return "", false
}

// MarshalJSON writes an array of strings; bytes that are not UTF-8 become
// \DDD as in DNS presentation form (RFC 1035 section 5.1).
func (t TXT) MarshalJSON() ([]byte, error) {
	out := make([]string, len(t))
	for i, s := range t {
		out[i] = EscapeBytes(s)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *TXT) UnmarshalJSON(b []byte) error {
	var in []string
	if err := json.Unmarshal(b, &in); err != nil {
		return fmt.Errorf("reading TXT: %w", err)
	}
	*t = nil
	for _, s := range in {
		*t = append(*t, UnescapeBytes(s))
	}
	return nil
}

// EscapeBytes writes bytes that are not UTF-8 as \DDD and a backslash as \\,
// so that UnescapeBytes gives back the same bytes.
func EscapeBytes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\%03d`, s[i])
		case r == '\\':
			b.WriteString(`\\`)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// UnescapeBytes is the reverse of EscapeBytes. It also reads the escapes that
// DNS libraries put into names (\. and the like).
func UnescapeBytes(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		if i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 10, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		i++
		b.WriteByte(s[i])
	}
	return b.String()
}

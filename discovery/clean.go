package discovery

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The longest texts that Clean and CleanLong let through, in runes. 63 is what
// a DNS label holds; 300 is a sentence.
const (
	maxLabel    = 63
	maxSentence = 300
	maxMarks    = 4 // combining marks on one letter; more is there to deface a list
)

// Label is text from outside that is safe to show: valid UTF-8 in NFC, no
// control, bidirectional, zero-width, private or unassigned characters, single
// spaces, at most 63 runes. Only Clean and CleanLong make one.
type Label string

// Clean turns anything into a Label. It is idempotent and never fails; what
// cannot be shown is left out, bytes that are not UTF-8 become U+FFFD.
func Clean(s string) Label { return clean(s, maxLabel) }

// CleanLong is Clean for sentences, with room for 300 runes.
func CleanLong(s string) Label { return clean(s, maxSentence) }

func clean(s string, limit int) Label {
	// A rune takes 4 bytes at most and NFC may gather several into one; beyond
	// this nothing can reach the result, and a megabyte costs nothing.
	if most := limit * 4 * (maxMarks + 1); len(s) > most {
		s = s[:most]
	}
	// Leaving something out can bring together what NFC then composes, so
	// repeat until nothing moves; twice is enough in practice.
	for range 4 {
		next := cleanOnce(s, limit)
		if next == s {
			break
		}
		s = next
	}
	return Label(s)
}

func cleanOnce(s string, limit int) string {
	s = strings.Map(showable, strings.ToValidUTF8(s, "\uFFFD"))
	s = norm.NFC.String(s)
	var b strings.Builder
	runes, marks := 0, maxMarks // no letter yet for a mark to stand on
	space := false
	for _, r := range s {
		switch {
		case r == ' ':
			space, marks = runes > 0, maxMarks
			continue
		case unicode.Is(unicode.M, r):
			if marks++; marks > maxMarks {
				continue
			}
		default:
			marks = 0
		}
		if space {
			if runes+1 >= limit {
				break
			}
			b.WriteByte(' ')
			space = false
			runes++
		}
		if runes >= limit {
			break
		}
		b.WriteRune(r)
		runes++
	}
	return b.String()
}

// showable maps white space to a space and what must not be shown to nothing.
func showable(r rune) rune {
	switch {
	case unicode.IsSpace(r) || unicode.In(r, unicode.Z):
		return ' '
	case unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return -1
	case r == '\u2800': // an empty Braille cell: a symbol that looks like nothing
		return ' '
	case unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S):
		return r
	default: // controls, format characters, private use, surrogates, unassigned
		return -1
	}
}

package store

import (
	"slices"
	"strings"
)

// The bounds of the kinds of data of one record.
const (
	maxKinds = 16
	maxKind  = 40
)

// kinds makes a list of kinds of data, which comes from the network, harmless
// and canonical: words of letters, digits, spaces, hyphens and underscores,
// sorted, each once, with commas.
func kinds(list string) string {
	if list == "" {
		return ""
	}
	out := make([]string, 0, maxKinds)
	for w := range strings.SplitSeq(list, ",") {
		w = strings.TrimSpace(w)
		if w == "" || len(w) > maxKind || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789_- ") != "" {
			continue
		}
		if out = append(out, w); len(out) == maxKinds {
			break
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ",")
}

// allKinds joins two lists.
func allKinds(a, b string) string {
	if a == b || b == "" {
		return a
	}
	return kinds(a + "," + b)
}

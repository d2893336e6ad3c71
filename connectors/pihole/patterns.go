package pihole

import (
	"net/url"
	"slices"
	"strings"
)

// maxPerRule bounds how many names go into one rule.
const maxPerRule = 40

// patterns are the rules of a block: every name where names is empty.
func patterns(mark string, names []string) []string {
	tail := "|^" + literal(url.QueryEscape(mark)) + "[.]best-before[.]invalid$"
	if len(names) == 0 {
		return []string{".*" + tail}
	}
	var out []string
	for part := range slices.Chunk(names, maxPerRule) {
		var alt []string
		for _, n := range part {
			alt = append(alt, literal(n))
		}
		out = append(out, "(^|[.])("+strings.Join(alt, "|")+")$"+tail)
	}
	return out
}

// literal makes a name stand for itself in a pattern; names hold letters,
// digits, hyphens, underscores and dots only, marks also plus and per cent signs.
func literal(s string) string {
	return strings.NewReplacer(".", "[.]", "+", "[+]").Replace(s)
}

// namesIn are the names of a pattern of ours; none is every name.
func namesIn(pattern string) []string {
	rest, ok := strings.CutPrefix(pattern, "(^|[.])(")
	if !ok {
		return nil
	}
	list, _, _ := strings.Cut(rest, ")$|^")
	out := strings.Split(list, "|")
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], "[.]", ".")
	}
	return out
}

package recipe

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"bestbefore/assets/words"
)

// The bounds of one path: how long it is, and how much it may find.
const (
	pathMax  = 200
	stepsMax = 16
	foundMax = 10_000
)

// path finds values in a decoded JSON answer. Its language is small:
//
//	data.items    the member items of the member data
//	*             every element of a list, every member of an object
//	list[0]       the first element; [-1] is the last
//	".id"         a member whose name has other signs than letters, digits, - and _
//	@             the element itself
//	@name         the name under which an element was found by a * in an object
//
// Nothing there is no error: it finds nothing.
type path struct {
	text  string
	steps []pathStep
	name  bool // ends in @name
}

// pathStep is one move: to a member, to an element, or to all of them.
type pathStep struct {
	member string
	index  int
	kind   byte // 'm', 'i' or '*'
}

// found is a value and the name of the object's member that it is.
type found struct {
	value any
	name  string
}

func parsePath(s string) (path, error) {
	p := path{text: s}
	if len(s) > pathMax {
		return p, words.Errorf("a path has at most %d signs", pathMax)
	}
	for rest := s; rest != "" && rest != "@"; {
		if rest == "@name" {
			p.name = true
			return p, nil
		}
		step, left, err := readStep(rest)
		if err != nil {
			return p, words.Errorf("path %q: %w", s, err)
		}
		if p.steps = append(p.steps, step); len(p.steps) > stepsMax {
			return p, words.Errorf("path %q has more than %d steps", s, stepsMax)
		}
		switch {
		case left == "", left[0] == '[':
			rest = left
		case left[0] == '.' && len(left) > 1 && left != ".@":
			rest = left[1:]
		default:
			return p, words.Errorf("path %q: a point must stand between two steps", s)
		}
	}
	return p, nil
}

// readStep reads one step and gives what is left.
func readStep(s string) (pathStep, string, error) {
	switch {
	case s[0] == '*':
		return pathStep{kind: '*'}, s[1:], nil
	case s[0] == '[':
		in, left, ok := strings.Cut(s[1:], "]")
		n, err := strconv.Atoi(in)
		if !ok || err != nil || n > foundMax || n < -foundMax {
			return pathStep{}, "", words.New("[ ] wants a number, such as [0]")
		}
		return pathStep{kind: 'i', index: n}, left, nil
	case s[0] == '"':
		name, left, ok := strings.Cut(s[1:], `"`)
		if !ok || name == "" {
			return pathStep{}, "", words.New("a name in quotes must end with one")
		}
		return pathStep{kind: 'm', member: name}, left, nil
	}
	end := strings.IndexFunc(s, func(r rune) bool { return !wordSign(r) })
	if end < 0 {
		end = len(s)
	}
	if end == 0 {
		return pathStep{}, "", words.Errorf("%q must stand in quotes", s[:1])
	}
	return pathStep{kind: 'm', member: s[:end]}, s[end:], nil
}

func wordSign(r rune) bool {
	return r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// all gives everything that the path finds from f on, in the answer's order;
// members of an object by their names.
func (p path) all(f found) []found {
	now := []found{f}
	for _, s := range p.steps {
		var next []found
		for _, v := range now {
			if next = s.from(v, next); len(next) > foundMax {
				next = next[:foundMax]
				break
			}
		}
		now = next
	}
	if !p.name {
		return now
	}
	for i := range now {
		now[i] = found{value: now[i].name}
	}
	return now
}

func (s pathStep) from(f found, out []found) []found {
	switch v := f.value.(type) {
	case map[string]any:
		if s.kind == '*' {
			for _, k := range slices.Sorted(maps.Keys(v)) {
				out = append(out, found{v[k], k})
			}
		} else if s.kind == 'm' {
			if in, ok := v[s.member]; ok {
				out = append(out, found{in, s.member})
			}
		}
	case []any:
		if s.kind == '*' {
			for _, in := range v {
				out = append(out, found{value: in})
			}
		} else if i := s.index; s.kind == 'i' {
			if i < 0 {
				i += len(v)
			}
			if i >= 0 && i < len(v) {
				out = append(out, found{value: v[i]})
			}
		}
	}
	return out
}

// one is the first value that the path finds, as text; false where there is
// none, or one that is no text, number or truth value.
func (p path) one(f found) (string, bool) {
	got := p.all(f)
	if len(got) == 0 {
		return "", false
	}
	return asText(got[0].value)
}

func asText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// later compares two texts as numbers where both are, else as moments where both
// are, else as texts.
func later(a, b string) int {
	if x, err := strconv.ParseFloat(a, 64); err == nil {
		if y, err := strconv.ParseFloat(b, 64); err == nil {
			return cmp.Compare(x, y)
		}
	}
	if x, ok := asTime(a); ok {
		if y, ok := asTime(b); ok {
			return x.Compare(y)
		}
	}
	return strings.Compare(a, b)
}

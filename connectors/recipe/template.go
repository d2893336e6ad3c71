package recipe

import (
	"net/url"
	"slices"
	"strings"

	"bestbefore/assets/words"
)

// template is a text with places to fill: "Bearer {{secret:token}}", "{{mac|upper}}".
type template struct{ parts []part }

// part is a piece of text, or the name of what stands there and how it is written.
type part struct {
	text, name, filter string
}

// holesMax bounds the places of one template.
const holesMax = 20

func parseTemplate(s string) (template, error) {
	var t template
	for {
		before, rest, open := strings.Cut(s, "{{")
		if strings.Contains(before, "}}") {
			return t, words.Errorf("%q closes what was not opened", s)
		}
		if before != "" {
			t.parts = append(t.parts, part{text: before})
		}
		if !open {
			return t, nil
		}
		in, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return t, words.New("a {{ without its }}")
		}
		name, filter, _ := strings.Cut(strings.TrimSpace(in), "|")
		p := part{name: strings.TrimSpace(name), filter: strings.TrimSpace(filter)}
		if p.name == "" || strings.ContainsAny(p.name, "{ \t\n") {
			return t, words.Errorf("%q is no name", p.name)
		}
		if !slices.Contains([]string{"", "upper", "lower", "path"}, p.filter) {
			return t, words.Errorf("%q is not known after |; there are upper, lower and path", p.filter)
		}
		if t.parts = append(t.parts, p); len(t.parts) > holesMax {
			return t, words.Errorf("more than %d places to fill", holesMax)
		}
		s = after
	}
}

// names are the names of the places to fill.
func (t template) names() []string {
	var out []string
	for _, p := range t.parts {
		if p.name != "" {
			out = append(out, p.name)
		}
	}
	return out
}

// fill writes the text; each value passes through escape.
func (t template) fill(value func(name string) (string, error), escape func(string) string) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.name == "" {
			b.WriteString(p.text)
			continue
		}
		v, err := value(p.name)
		if err != nil {
			return "", err
		}
		switch p.filter {
		case "upper":
			v = strings.ToUpper(v)
		case "lower":
			v = strings.ToLower(v)
		case "path": // several segments, each made safe by itself
			segments := strings.Split(strings.Trim(v, "/"), "/")
			for i, one := range segments {
				segments[i] = inPath(one)
			}
			b.WriteString(strings.Join(segments, "/"))
			continue
		}
		b.WriteString(escape(v))
	}
	return b.String(), nil
}

// plain leaves a value as it is.
func plain(s string) string { return s }

// inPath makes a value one segment of a path, whatever is in it. The star is
// allowed there (RFC 3986 3.3), and some peers number their rows with one.
func inPath(s string) string {
	if s == "." || s == ".." {
		return strings.ReplaceAll(s, ".", "%2E")
	}
	return strings.ReplaceAll(url.PathEscape(s), "%2A", "*")
}

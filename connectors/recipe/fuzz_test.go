package recipe

import (
	"bytes"
	"strings"
	"testing"

	"bestbefore/connectors"
)

// F21: a file of a stranger is refused or is a recipe that passes its own
// checks; unknown fields are never overlooked.
func FuzzRecipe(f *testing.F) {
	for _, name := range []string{"hue", "mikrotik", "opnsense", "rfc7009", "shelly", "strava", "nextdns"} {
		f.Add(recipeText(f, name))
	}
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("schema: 1\nprobe: [{get: '/{{x}}', json: {a?: [1, {b: '{{secret:x}}'}]}}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			for _, x := range Faults(err) {
				if x.Text == "" || x.Line < 0 || x.Column < 0 {
					t.Errorf("fault %+v", x)
				}
			}
			return
		}
		if err := r.Spec().Check(connectors.Settings{Values: map[string]string{"nobody-asked": "x"}}); err == nil {
			t.Error("a setting that nobody asked for is taken")
		}
		if _, err := Parse(append(bytes.Clone(data), []byte("\nunknown_field: 1\n")...)); err == nil {
			t.Error("an unknown field is overlooked")
		}
	})
}

// The path language: no panic, bounded, and what can be written finds only what is there.
func FuzzPath(f *testing.F) {
	for _, p := range []string{"a.b[0].c", "*", `".id"`, "@", "a.*.@name", "[-1]", "a..b", "[99999999999]"} {
		f.Add(p, []byte(`{"a":{"b":[{"c":1}]},".id":"x"}`))
	}
	f.Fuzz(func(t *testing.T, text string, answer []byte) {
		p, err := parsePath(text)
		if err != nil {
			return
		}
		a := readReply(200, answer)
		got := p.all(found{value: a.body})
		if len(got) > foundMax {
			t.Errorf("%d found", len(got))
		}
		for _, g := range got {
			if s, ok := asText(g.value); ok && len(s) > len(answer)+8 {
				t.Errorf("%q is longer than the answer", s)
			}
		}
	})
}

// F10: whatever a peer answers, rows are bounded by the answer and hold no secret.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"whitelist":{"x":{"name":"n","create date":"2021-01-01T00:00:00"}}}`))
	f.Add([]byte(`[{"error":{"type":1,"description":"hue-key-0123456789"}}]`))
	f.Add([]byte(`{"data":[{"timestamp":"2026-11-22T12:00:00.000Z","domain":"a.example","device":{"id":"x"}}]}`))
	g := hue(f)
	r := g.c.r
	f.Fuzz(func(t *testing.T, answer []byte) {
		s := &session{r: r, h: g.h, settings: g.settings, homes: map[string]string{"bridge": "http://bridge.example"}}
		g.h.HTTP.Transport = fixed{code: 200, body: string(answer)}
		got, err := s.Grants(t.Context())
		if err != nil && strings.Contains(err.Error(), "hue-key-0123456789") {
			t.Errorf("the error holds the key: %v", err)
		}
		for _, x := range got {
			if strings.Contains(x.ID+x.Name, "hue-key-0123456789") || len(x.ID) > idMax {
				t.Errorf("grant %+v", x)
			}
		}
	})
}

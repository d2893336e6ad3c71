package recipe

import (
	"fmt"
	"strings"
	"testing"

	"bestbefore/connectors"
)

// Every fault is told with the line and the column where it stands.
func TestFaultsHaveAPlace(t *testing.T) {
	good := string(recipeText(t, "strava"))
	lineOf := func(text, what string) int {
		before, _, _ := strings.Cut(text, what)
		return strings.Count(before, "\n") + 1
	}
	for name, c := range map[string]struct{ old, new, at, says string }{
		"unknown field":     {"stops: All", "stopps: x\nstops: All", "stopps", `no field "stopps"`},
		"unknown in a step": {"  - get: /api/v3/athlete\n\n", "  - get: /api/v3/athlete\n    retries: 3\n\n", "retries", `no field "retries"`},
		"twice":             {"kind: strava", "kind: strava\nkind: other", "kind: other", "twice"},
		"an alias":          {"kind: strava", "kind: &a strava", "kind: &a", "aliases"},
		"schema":            {"schema: 1", "schema: 2", "schema:", "schema must be 1"},
		"http":              {"base: https://www", "base: http://www", "base:", "https://"},
		"another host":      {"hosts: [www.strava.com]", "hosts: [evil.example]", "base:", "not one of hosts"},
		"a host at home":    {"hosts: [www.strava.com]", "hosts: [www.strava.com, fritz.box.lan]", "hosts:", "no name on the internet"},
		"an address":        {"hosts: [www.strava.com]", "hosts: [www.strava.com, 192.168.1.1]", "hosts:", "no name on the internet"},
		"secret in a query": {"  - get: /api/v3/athlete\n\n", "  - get: /api/v3/athlete\n    query: {t: \"{{secret:token}}\"}\n\n", "query:", "a secret may stand"},
		"secret in a path":  {"post: /oauth/deauthorize", "post: \"/oauth/{{secret:token}}\"", "post:", "a secret may stand"},
		"unknown secret":    {"secret:token", "secret:tokem", "headers:", "no secret"},
		"unknown name":      {"athlete {{row.who}}", "athlete {{row.whom}}", "id: \"athlete", "not known here"},
		"bad path":          {"{who: id}", "{who: a..b}", "take:", "path"},
		"two methods":       {"post: /oauth/deauthorize", "post: /oauth/deauthorize\n    get: /x", "- post:", "exactly one"},
		"a line break":      {"Authorization: \"Bearer", "Authorization: \"a\\nBearer", "headers:", "one line"},
		"the host header":   {"headers: {", "headers: {Host: evil.example, ", "headers:", "not for a recipe"},
		"up in a path":      {"post: /oauth/deauthorize", "post: /oauth/../x", "post:", "path begins"},
		"not yaml":          {"kind: strava", "kind: [strava", "kind:", "YAML"},
		"a tab":             {"kind: strava", "\tkind: strava", "kind:", "indent with spaces"},
		"no name":           {"name: Strava access of one app\n", "", "", "called on screen"},
		"a list as a name":  {"kind: strava", "kind: [strava]", "kind:", "wants no list"},
		"a second document": {"revoke:", "---\nrevoke:", "", "more after it"},
		"no list to check":  {"grants:", "devices2:", "devices2", "no field"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Fatalf("%s: %q is not in the file", name, c.old)
		}
		_, err := Parse([]byte(text))
		fs := Faults(err)
		if len(fs) == 0 || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
			continue
		}
		if c.at == "" {
			continue
		}
		near := false
		for _, f := range fs {
			near = near || strings.Contains(f.Text, c.says) && f.Column > 0 && (f.Line-lineOf(text, c.at) >= 0 && f.Line-lineOf(text, c.at) <= 1 || name == "not yaml" || name == "a tab")
		}
		if !near {
			t.Errorf("%s: at %v, want line %d", name, fs, lineOf(text, c.at))
		}
	}
}

// What needs something else is refused without it.
func TestVerbsBelongTogether(t *testing.T) {
	cut := func(text, from, to string) string {
		before, rest, _ := strings.Cut(text, from)
		_, after, _ := strings.Cut(rest, to)
		return before + to + after
	}
	router := string(recipeText(t, "mikrotik"))
	for name, text := range map[string]string{
		"a block that cannot be lifted": router[:strings.Index(router, "unblock:")],
		"a block that cannot be found":  cut(router, "held:", "unblock:"),
		"a block without its mark":      strings.ReplaceAll(router, `comment: "{{mark}}", `, ""),
		"a revocation without a list":   cut(string(recipeText(t, "strava")), "grants:", "revoke:"),
		"nothing that can be asked":     cut(router, "probe:", "devices:"),
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestBoundsOfAFile(t *testing.T) {
	deep := strings.Repeat("[", 3000) + strings.Repeat("]", 3000)
	for name, text := range map[string]string{
		"too large":  "name: " + strings.Repeat("x", fileMax),
		"too deep":   "probe: [{post: /x, json: " + deep + "}]",
		"too many":   "needs: [" + strings.Repeat("a,", nodesMax+1) + "]",
		"laughs":     "name: &a [x,x,x,x]\nneeds: [*a,*a,*a,*a]",
		"merge":      "<<: {kind: x}\nname: y",
		"empty":      "",
		"only words": "hello",
		"a list":     "- a",
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s is accepted", name)
		} else if len(Faults(err)) > faultMax+1 {
			t.Errorf("%s: %d faults", name, len(Faults(err)))
		}
	}
}

func TestPaths(t *testing.T) {
	doc := readReply(200, []byte(`{"data":[{"id":7,".id":"*1","ok":true,"n":null},{"id":8}],"map":{"b":{"name":"B"},"a":{"name":"A"}},"text":"x"}`))
	for path, want := range map[string]string{
		"text": "[x]", "data[0].id": "[7]", "data[-1].id": "[8]", `data[0].".id"`: "[*1]", "data.*.id": "[7 8]", "map.*.name": "[A B]",
		"map.*.@name": "[a b]", "data[0].ok": "[true]", "data[9].id": "[]", "nothing.at.all": "[]", "text.more": "[]", "data": "[]", "data[0].n": "[]",
	} {
		p, err := parsePath(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		got := []string{}
		for _, f := range p.all(found{value: doc.body}) {
			if s, ok := asText(f.value); ok {
				got = append(got, s)
			}
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %v, want %s", path, got, want)
		}
	}
	for _, bad := range []string{".a", "a.", "a..b", "a[", "a[x]", `"a`, `""`, "a b", "a.@", "@nam", strings.Repeat("a.", 20) + "a", strings.Repeat("a", 300)} {
		if _, err := parsePath(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestSpecOfARecipe(t *testing.T) {
	g, _ := mikrotik(t)
	s := g.c.Spec()
	if s.Kind != "mikrotik" || !s.Options[0].Address || !s.Options[2].Secret || s.Options[len(s.Options)-1].Key != connectors.OptCertificate {
		t.Errorf("spec %+v", s)
	}
	x, _ := strava(t)
	if got := x.c.Spec(); len(got.Hosts) != 1 || got.Hosts[0] != "www.strava.com" || len(got.Options) != 1 {
		t.Errorf("spec %+v", got)
	}
}

// One mistake is one fault, however many requests it is part of. The twin: two
// mistakes of the same words in two places are two.
func TestAFaultIsToldOnce(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		want     int
	}{
		"in a header": {"secret:token", "secret:tokem", 1},
		"in the base": {"base: https://www", "base: https://evil", 1},
		"two headers": {`headers: {Authorization: "Bearer {{secret:token}}"}`, "headers:\n  Authorization: \"{{secret:tokem}}\"\n  X-Key: \"{{secret:tokem}}\"", 2},
	} {
		text := strings.Replace(string(recipeText(t, "strava")), c.old, c.new, 1)
		if _, err := Parse([]byte(text)); len(Faults(err)) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package category

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"

	"github.com/google/go-cmp/cmp"
)

// TestTermsAreWhole: each term once, in words, of DPV or below DPV or hardly personal.
func TestTermsAreWhole(t *testing.T) {
	for _, f := range termFaults(All()) {
		t.Error(f)
	}
}

func termFaults(all []Term) (out []string) {
	seen, words := map[consent.Category]bool{}, map[string]bool{}
	for _, x := range all {
		switch name := string(x.Category); {
		case seen[x.Category] || words[x.Words]:
			out = append(out, name+" is there twice")
		case x.Words == "" || x.Words != strings.ToLower(x.Words):
			out = append(out, name+" has no plain words")
		case Normal(name) != x.Category || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "":
			out = append(out, name+" is no word that consent takes")
		case x.IRI != "" && x.Broader != "":
			out = append(out, name+" is both DPV's and ours")
		case x.IRI != "" && !strings.HasPrefix(x.IRI, pd) || x.Broader != "" && !strings.HasPrefix(x.Broader, pd):
			out = append(out, name+" has no IRI of DPV")
		case x.Sensitive && x.IRI == "" && x.Broader == "":
			out = append(out, name+" is sensitive but not personal")
		case x.Special && !x.Sensitive:
			out = append(out, name+" is special but not sensitive")
		}
		seen[x.Category], words[x.Words] = true, true
	}
	return out
}

func TestTermsAreLookedAt(t *testing.T) {
	good := Term{Category: "video", Words: "video", Sensitive: true, Broader: pd + "Picture"}
	for name, change := range map[string]func(*Term){
		"words": func(x *Term) { x.Words = "Video" }, "word": func(x *Term) { x.Category = "moving pictures" }, "both": func(x *Term) { x.IRI = pd + "Picture" },
		"elsewhere": func(x *Term) { x.Broader = "https://elsewhere.example/#x" }, "nothing above": func(x *Term) { x.Broader = "" },
		"special": func(x *Term) { x.Sensitive, x.Special = false, true },
	} {
		bad := good
		change(&bad)
		if got := termFaults([]Term{bad}); len(got) != 1 {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := termFaults([]Term{good, good}); len(got) != 1 {
		t.Errorf("twice: %q", got)
	}
}

// TestWordsInUseAreKnown: consent's offers and what the MQTT connector finds
// have a term, whatever their spelling.
func TestWordsInUseAreKnown(t *testing.T) {
	used := consent.Categories()
	file, err := parser.ParseFile(token.NewFileSet(), "../../connectors/mqtt/classify.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	before := len(used)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "kindOfWord" {
			return true
		}
		for _, e := range spec.Values[0].(*ast.CompositeLit).Elts {
			word, err := strconv.Unquote(e.(*ast.KeyValueExpr).Value.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			used = append(used, consent.Category(word))
		}
		return false
	})
	if len(used)-before < 50 {
		t.Fatalf("found only %d words of the connector; the check looks in the wrong place", len(used)-before)
	}
	for _, c := range used {
		if _, ok := Of(c); !ok {
			t.Errorf("%q has no term", c)
		}
	}
	if _, ok := Of("cheese"); ok {
		t.Error("a made-up word has a term")
	}
}

// TestConsentTakesEveryTerm: what is offered can be chosen.
func TestConsentTakesEveryTerm(t *testing.T) {
	ask := func(c consent.Category) error {
		_, err := consent.New(consent.Request{
			ID: "c1", Device: "d1", Recipient: consent.Recipient{Any: true}, Data: []consent.Category{c}, Remedy: consent.Warn,
			Term:    consent.Term{Kind: consent.ForPeriod, Rule: "P6M"},
			Decider: consent.Decider{By: "you", How: "test", Now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Zone: time.UTC},
		})
		return err
	}
	for _, x := range All() {
		if err := ask(x.Category); err != nil {
			t.Error(err)
		}
	}
	if ask("light level") == nil {
		t.Error("consent takes what is no word; Normal is not needed any more")
	}
}

func TestWords(t *testing.T) {
	for c, want := range map[consent.Category]string{
		"presence": "who comes and goes", "light level": "brightness", "Heart-Rate": "heart rate", "cheese_board": "cheese board", "any": "everything it sends",
	} {
		if got := Words(c); got != want {
			t.Errorf("%s: %q, want %q", c, got, want)
		}
	}
	if x, _ := Of("video"); !x.Ours() {
		t.Error("video is ours, below DPV's picture")
	}
	if x, _ := Of("viewing"); x.Ours() {
		t.Error("viewing is DPV's")
	}
}

// TestTypicalIsNeverSeen: every kind of device has typical data, each with a
// term, and none of it claims to have been seen.
func TestTypicalIsNeverSeen(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../discovery/kind.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds := 0
	ast.Inspect(file, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		name, err := strconv.Unquote(lit.Value)
		if err != nil {
			t.Fatal(err)
		}
		kinds++
		claims := TypicalOf(discovery.Kind(name))
		if (len(claims) == 0) != (name == "") {
			t.Errorf("kind %q: %v", name, claims)
		}
		for _, c := range claims {
			if _, ok := Of(c.Category); !ok || c.Basis != Typical || c.Source != "" {
				t.Errorf("kind %q: %+v", name, c)
			}
		}
		return true
	})
	if kinds < 20 {
		t.Errorf("found only %d kinds", kinds)
	}
	if got := TypicalOf("submarine"); len(got) != 0 {
		t.Errorf("of a kind that nobody knows: %v", got)
	}
}

// TestBest: what was seen counts before what is declared before what is
// typical; a typical kind that was not seen stays typical.
func TestBest(t *testing.T) {
	r := flow.Record{Categories: "usage,video,light level,video,"}
	got := Best(append(append(TypicalOf(discovery.KindScanner), SeenIn(r.Categories, "broker")...), Claim{"files", Declared, "label"}, Claim{"video", Declared, "label"}))
	want := []Claim{
		{"video", Seen, "broker"},
		{"light_level", Seen, "broker"},
		{"usage", Seen, "broker"},
		{"files", Declared, "label"},
		{"diagnostics", Typical, ""},
		{"identifiers", Typical, ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := Best([]Claim{{"video", Unknown, ""}, {"video", Typical, ""}}); got[0].Basis != Typical {
		t.Errorf("unknown before typical: %v", got)
	}
	if SeenIn("", "x") == nil || len(SeenIn(" , ", "x")) != 0 {
		t.Error("nothing seen is an empty list")
	}
}

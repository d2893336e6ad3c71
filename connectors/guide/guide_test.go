package guide

import (
	"slices"
	"strings"
	"testing"

	"bestbefore/assets"
	"bestbefore/assets/words/wordstest"
	"bestbefore/discovery"
	"bestbefore/discovery/recipient"
)

func shipped(t testing.TB) *Book {
	t.Helper()
	b, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Parse checks each row; here it is the whole table that is looked at.
func TestTheTable(t *testing.T) {
	b := shipped(t)
	if len(b.rows) < 30 {
		t.Errorf("%d makers and accounts, want 30 or more", len(b.rows))
	}
	rows, err := recipient.ReadRows(strings.NewReader(assets.RecipientsHousehold), nil)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, r := range rows {
		known[r.Company] = true
	}
	for _, r := range b.rows {
		for _, c := range r.Companies {
			if !known[c] {
				t.Errorf("%s: the table of recipients has no company %q", r.ID, c)
			}
		}
	}
}

// Every maker, company and kind leads to its row and no other.
func TestEveryMakerIsReached(t *testing.T) {
	b := shipped(t)
	for _, r := range b.rows {
		for _, m := range r.Makers {
			d := discovery.Device{Guess: discovery.Guess{Vendor: strings.TrimSpace(m)}}
			if g, ok := b.For(nil, d); !ok || g.ID != r.ID {
				t.Errorf("the maker %q leads to %q, want %s", m, g.ID, r.ID)
			}
		}
		for _, c := range r.Companies {
			if g, ok := b.For([]string{c}, discovery.Device{}); !ok || g.ID != r.ID {
				t.Errorf("the company %q leads to %q, want %s", c, g.ID, r.ID)
			}
		}
		for _, k := range r.Kinds {
			if g, ok := b.For(nil, discovery.Device{Guess: discovery.Guess{Kind: k}}); !ok || g.ID != r.ID {
				t.Errorf("the kind %q leads to %q, want %s", k, g.ID, r.ID)
			}
		}
	}
}

func TestWhichGuide(t *testing.T) {
	b := shipped(t)
	for _, c := range []struct {
		vendor, model string
		kind          discovery.Kind
		to            []string
		want          string
	}{
		{"Signify Netherlands B.V.", "", discovery.KindHub, nil, "hue"},
		{"Ring LLC", "", discovery.KindDoorbell, []string{"Ring (Amazon)"}, "ring"},
		{"Ring LLC", "", discovery.KindDoorbell, []string{"Amazon"}, "amazon"},
		{"Samsung Electronics Co.,Ltd", "", discovery.KindTelevision, nil, "samsung-tv"},
		{"Samsung Electronics Co.,Ltd", "", discovery.KindTelevision, []string{"netflix"}, "netflix"},
		{"TP-LINK TECHNOLOGIES", "", discovery.KindPlug, []string{"Somebody"}, "tplink"},
		{"Nobody", "", discovery.KindRouter, nil, "router"},
		{"AVM Audiovisuelles Marketing", "", discovery.KindRouter, nil, "fritzbox"},
		{"Springfield", "", discovery.KindLight, []string{"Nobody"}, ""},
	} {
		d := discovery.Device{Guess: discovery.Guess{Vendor: c.vendor, Model: c.model, Kind: c.kind}}
		if g, _ := b.For(c.to, d); g.ID != c.want {
			t.Errorf("%s %s to %v: %q, want %q", c.vendor, c.kind, c.to, g.ID, c.want)
		}
	}
}

// What Parse is there to refuse.
func TestBadRowsAreRefused(t *testing.T) {
	const good = "{id: a-b, name: N, makers: [m], companies: [], where: W, steps: [S], stops: St, keeps: K, sign: Si}"
	if _, err := Parse([]byte("- " + good)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"http":          strings.Replace(good, "where:", "page: 'http://a.example/', where:", 1),
		"no host":       strings.Replace(good, "where:", "page: 'https:///x', where:", 1),
		"unknown field": strings.Replace(good, "where:", "whither: x, where:", 1),
		"no steps":      strings.Replace(good, "[S]", "[]", 1),
		"no sign":       strings.Replace(good, "sign: Si", "sign: ''", 1),
		"control sign":  strings.Replace(good, "name: N", `name: "N\u202e"`, 1),
		"nobody's":      strings.Replace(good, "makers: [m]", "makers: []", 1),
		"twice":         good + "\n- " + good,
	} {
		if _, err := Parse([]byte("- " + text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestAGuideIsACopy(t *testing.T) {
	b := shipped(t)
	g, _ := b.For([]string{"Spotify"}, discovery.Device{})
	g.Steps[0] = "changed"
	if again, _ := b.For([]string{"Spotify"}, discovery.Device{}); slices.Contains(again.Steps, "changed") {
		t.Error("the book was changed through what it gave")
	}
}

// All is the book as a list: everybody by name, with whom each is for.
func TestAllGuidesAreListedByName(t *testing.T) {
	b, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	all := b.All(map[string]string{"amazon": "Only there."})
	if len(all) < 30 {
		t.Errorf("%d guides", len(all))
	}
	for i, g := range all {
		if i > 0 && strings.ToLower(all[i-1].Name) > strings.ToLower(g.Name) {
			t.Errorf("%s stands after %s", g.Name, all[i-1].Name)
		}
		if (g.ID == "amazon") != (g.Only != "") || len(g.For) == 0 && g.ID != "router" {
			t.Errorf("%s: only %q, for %q", g.ID, g.Only, g.For)
		}
	}
}

// TestEveryGuideSpeaksTheLanguageOfTheFile: each text of each guide is a key of the
// language file, so that a guide comes out of it whole. The twin is the same book in
// English.
func TestEveryGuideSpeaksTheLanguageOfTheFile(t *testing.T) {
	b := shipped(t)
	for _, spoken := range []bool{false, true} {
		if spoken {
			wordstest.Speak(t, assets.Translations)
		}
		for _, g := range b.All(nil) {
			for _, text := range append([]string{g.Name, g.Where, g.Stops, g.Keeps, g.Sign}, g.Steps...) {
				if wordstest.Spoken(text) != spoken || spoken && wordstest.Outside(text) != "" {
					t.Errorf("spoken %t: %s says %q", spoken, g.ID, text)
				}
			}
		}
	}
}

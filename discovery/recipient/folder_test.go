package recipient

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/publicsuffix"
)

const disconnect = `{"license": "x", "categories": {
	"Advertising": [{"Adform": {"http://www.adform.com/": ["adform.com", "adform.net"], "performance": "true"}}],
	"Content": [{"Pictures": {"https://pictures.example.com/": ["pictures.example.com", "co.uk"]}}]}}`

const companies = `{"timeUpdated": "2026", "categories": {"4": "advertising", "6": "site_analytics"},
	"trackers": {"a": {"name": "Adform", "categoryId": 4, "url": null, "companyId": "adform"}, "b": {"name": "Counter", "categoryId": 6}},
	"trackerDomains": {"adform.net": "a", "count.example.com": "b", "nobody.example.com": "gone", "bad domain": "a"}}`

func TestReadList(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		rows    []Row
		skipped int
	}{
		"Disconnect": {disconnect, []Row{
			{Domain: "adform.com", Company: "Adform", Purpose: Ads},
			{Domain: "adform.net", Company: "Adform", Purpose: Ads},
			{Domain: "pictures.example.com", Company: "Pictures", Purpose: Content},
		}, 1},
		"AdGuard": {companies, []Row{
			{Domain: "adform.net", Company: "Adform", Purpose: Ads}, {Domain: "count.example.com", Company: "Counter", Purpose: Analytics},
		}, 2},
		"DuckDuckGo, companies": {`{"Adform A/S": {"aliases": ["Adform"], "displayName": "Adform", "properties": ["adform.net", "adform.com"]}}`, []Row{
			{Domain: "adform.com", Company: "Adform"}, {Domain: "adform.net", Company: "Adform"},
		}, 0},
		"DuckDuckGo, domains": {`{"adform.net": {"entityName": "Adform A/S", "aliases": []}}`, []Row{{Domain: "adform.net", Company: "Adform A/S"}}, 0},
		"ours":                {"domain;company\nadform.net;Adform\n", []Row{{Domain: "adform.net", Company: "Adform"}}, 0},
	} {
		rows, skipped, err := ReadList(strings.NewReader(c.text), publicsuffix.PublicSuffix)
		if diff := cmp.Diff(c.rows, rows); err != nil || skipped != c.skipped || diff != "" {
			t.Errorf("%s: %v, %d skipped, %s", name, err, skipped, diff)
		}
	}
	for name, text := range map[string]string{
		"nothing in it": "{}", "cut off": "{\n\"a\": {\n", "another shape": `{"a": 1}`, "another categories": `{"categories": 7}`, "a list": "[1, 2]",
	} {
		if _, _, err := ReadList(strings.NewReader(text), nil); !errors.Is(err, ErrTable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := ReadList(strings.NewReader("{\n\n\"a\" 1}"), nil); !strings.Contains(fmt.Sprint(err), "line 3") {
		t.Errorf("the line is not named: %v", err)
	}
}

func FuzzReadList(f *testing.F) {
	f.Add(disconnect)
	f.Add(companies)
	f.Add(`{"A": {"properties": ["a.com"]}, "b.com": {"entityName": "B"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		rows, _, err := ReadList(strings.NewReader(text), publicsuffix.PublicSuffix)
		if (err == nil) != (len(rows) > 0) && strings.HasPrefix(strings.TrimSpace(text), "{") {
			t.Errorf("%d rows and %v", len(rows), err)
		}
		for _, r := range rows {
			if _, err := r.checked(publicsuffix.PublicSuffix); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestReadFolder(t *testing.T) {
	geo := []byte(database4("country_code", "AU"))
	x, err := ReadFolder(fstest.MapFS{
		"mine.csv":            {Data: []byte("domain,company\nbell.com,My bell\n")},
		"broken.tsv":          {Data: []byte("domain\tcompany\nco.uk\tx\n")},
		"new.mmdb":            {Data: geo},
		"wrong.mmdb":          {Data: []byte("domain\tcompany\n")},
		"read me.md":          {Data: []byte("left out")},
		".hidden.tsv":         {Data: []byte("left out")},
		"lists/Strict.json":   {Data: []byte(disconnect)},
		"lists/cut off.json":  {Data: []byte("{")},
		"lists/deeper/a.json": {Data: []byte("{")},
	}, publicsuffix.PublicSuffix)
	text := fmt.Sprint(err)
	for _, want := range []string{"broken.tsv: not a table of recipients: line 2: everybody can have a name under co.uk", "wrong.mmdb: ", "lists/cut off.json: "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if strings.Count(text, "\n") != 2 {
		t.Errorf("three files have a fault: %v", err)
	}
	want := Extras{Yours: []List{{"mine", []Row{{Domain: "bell.com", Company: "My bell"}}}}, Countries: string(geo), Skipped: 1, Lists: x.Lists}
	if diff := cmp.Diff(want, x); diff != "" || len(x.Lists) != 1 || x.Lists[0].Label != "Strict" || len(x.Lists[0].Rows) != 3 {
		t.Error(diff, x.Lists)
	}
	if x, err := ReadFolder(os.DirFS(filepath.Join(t.TempDir(), "none")), nil); err != nil || len(x.Yours) != 0 {
		t.Errorf("a folder that is not there: %+v, %v", x, err)
	}
}

// TestDatabaseReplacesOurs: a file in the MaxMind DB format answers instead of the bundle.
func TestDatabaseReplacesOurs(t *testing.T) {
	geo := []byte(database4("country_code", "XX"))
	book := newBook(t, fstest.MapFS{"new.mmdb": {Data: geo}})
	if got := book.Lookup(to("", "1.1.1.1")); got.AddressCountry != "XX" || got.Network != "Cloudflare, Inc." {
		t.Errorf("%+v", got)
	}
	if got := book.Lookup(to("", "8.8.8.8")); got.AddressCountry != "" {
		t.Errorf("the file has only 1.0.0.0/8, so our own still answers: %+v", got)
	}
	if book.Fault() != nil {
		t.Error(book.Fault())
	}
}

func newBook(t *testing.T, folder fstest.MapFS) *Book {
	t.Helper()
	book, err := NewBook(BookConfig{Bundle: bundle, Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func TestBookFollowsTheFolder(t *testing.T) {
	folder := fstest.MapFS{}
	changes := 0
	book := newBook(t, folder)
	book.Changed = func() { changes++ }
	if got := book.Lookup(to("api.tado.com", "")); got.Basis != BasisCurated || changes != 0 {
		t.Fatalf("%+v, %d changes", got, changes)
	}
	mine := func(text string, at int64) {
		folder["mine.tsv"] = &fstest.MapFile{Data: []byte(text), ModTime: time.Unix(at, 0)}
	}
	mine("domain\tcompany\ntado.com\tThe heating people\n", 1)
	if err := book.Refresh(); err != nil || changes != 1 {
		t.Fatalf("%v, %d changes", err, changes)
	}
	if got := book.Lookup(to("api.tado.com", "")); got.Company != "The heating people" || got.Basis != BasisYours {
		t.Errorf("%+v", got)
	}
	if err := book.Refresh(); err != nil || changes != 1 {
		t.Errorf("nothing changed, but %v, %d changes", err, changes)
	}
	mine("domain\tcompany\nco.uk\tx\n", 2)
	if err := book.Refresh(); !errors.Is(err, ErrTable) || changes != 2 {
		t.Errorf("%v, %d changes", err, changes)
	}
	if err := book.Refresh(); !errors.Is(err, ErrTable) || book.Fault() == nil {
		t.Errorf("a fault that is still there is not told: %v", err)
	}
	if got := book.Lookup(to("api.tado.com", "")); got.Basis != BasisCurated {
		t.Errorf("a broken file takes our own table along: %+v", got)
	}
	delete(folder, "mine.tsv")
	if err := book.Refresh(); err != nil || changes != 3 {
		t.Errorf("%v, %d changes", err, changes)
	}
}

func TestBookIsBuiltOnce(t *testing.T) {
	built := 0
	book, err := NewBook(BookConfig{Bundle: func() Config { built++; return bundle() }})
	if err != nil {
		t.Fatal(err)
	}
	if built != 0 {
		t.Error("built before anybody asked")
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { book.Lookup(to("tado.com", "")) })
	}
	wg.Wait()
	if built != 1 || book.Site("a.b.co.uk") != "b.co.uk" {
		t.Errorf("built %d times", built)
	}
	if _, err := NewBook(BookConfig{}); err == nil {
		t.Error("a book of nothing")
	}
}

// TestBrokenBundle: even then there is a table, and the fault is told.
func TestBrokenBundle(t *testing.T) {
	book, err := NewBook(BookConfig{Bundle: func() Config { return Config{Countries: packMagic, Curated: strings.NewReader("x")} }})
	if err != nil {
		t.Fatal(err)
	}
	if got := book.Lookup(to("tado.com", "8.8.8.8")); got.Basis != BasisUnknown {
		t.Errorf("%+v", got)
	}
	if err := book.Fault(); !errors.Is(err, errPacked) || !errors.Is(err, ErrTable) {
		t.Error(err)
	}
}

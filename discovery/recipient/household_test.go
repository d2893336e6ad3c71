package recipient

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"bestbefore/assets"

	"golang.org/x/net/publicsuffix"
)

// household reads our own table as it is shipped.
func household(t testing.TB) []Row {
	t.Helper()
	rows, err := ReadRows(strings.NewReader(assets.RecipientsHousehold), publicsuffix.PublicSuffix)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestOurTable checks each line of household.tsv: a domain below a public
// suffix, once, with a company, a known purpose and a source, in order.
func TestOurTable(t *testing.T) {
	rows := household(t)
	if len(rows) < 2000 {
		t.Errorf("only %d rows", len(rows))
	}
	for _, fault := range tableFaults(rows) {
		t.Error(fault)
	}
}

// TestSeedIsBelowPublicSuffixes: New does not compare what is shipped.
func TestSeedIsBelowPublicSuffixes(t *testing.T) {
	rows, err := ReadRows(strings.NewReader(assets.RecipientsWeb), publicsuffix.PublicSuffix)
	if err != nil || len(rows) < 3000 {
		t.Errorf("%d rows: %v", len(rows), err)
	}
}

// tableFaults is what ReadRows allows to others but our own table must not have.
func tableFaults(rows []Row) (out []string) {
	country, spelt := map[string]string{}, map[string]string{}
	for i, r := range rows {
		if r.Purpose == "" {
			out = append(out, r.Domain+" has no purpose")
		}
		if !source(r.Source) {
			out = append(out, r.Domain+" has no source: "+r.Source)
		}
		if was, ok := country[r.Company]; ok && was != r.Country {
			out = append(out, r.Domain+": "+r.Company+" is at home in "+was+" and in "+r.Country)
		}
		if was, ok := spelt[strings.ToLower(r.Company)]; ok && was != r.Company {
			out = append(out, r.Domain+": "+r.Company+" is spelt "+was+" elsewhere")
		}
		country[r.Company], spelt[strings.ToLower(r.Company)] = r.Country, r.Company
		if i > 0 && order(rows[i-1], r) >= 0 {
			out = append(out, r.Domain+" is not in order")
		}
	}
	return out
}

func order(a, b Row) int {
	return cmp.Or(cmp.Compare(strings.ToLower(a.Company), strings.ToLower(b.Company)), cmp.Compare(a.Domain, b.Domain))
}

func source(s string) bool {
	host, _, ok := strings.Cut(strings.TrimPrefix(s, "https://"), "/")
	return ok && strings.HasPrefix(s, "https://") && strings.Contains(host, ".") && !strings.ContainsAny(s, " \t") || strings.HasPrefix(s, "RFC ")
}

// TestOurTableIsLookedAt: each rule finds a row that breaks it.
func TestOurTableIsLookedAt(t *testing.T) {
	good := Row{Domain: "bell.example", Company: "Bell", Country: "DE", Purpose: Maker, Source: "https://bell.example/"}
	if f := tableFaults([]Row{good}); len(f) != 0 {
		t.Fatalf("a good row is refused: %q", f)
	}
	for name, change := range map[string]func(*Row){
		"no purpose": func(r *Row) { r.Purpose = "" },
		"no source":  func(r *Row) { r.Source = "heard it somewhere" },
		"country":    func(r *Row) { r.Country = "US" },
		"spelling":   func(r *Row) { r.Company = "BELL" },
		"order":      func(r *Row) { r.Domain = "alpha.example" },
	} {
		bad := good
		bad.Domain = "chime.example"
		change(&bad)
		if f := tableFaults([]Row{good, bad}); len(f) != 1 {
			t.Errorf("%s: found %q", name, f)
		}
	}
}

// TestMakersOfTheHome: what a household has must not be missing from the table.
func TestMakersOfTheHome(t *testing.T) {
	companies := map[string]bool{}
	for _, r := range household(t) {
		companies[r.Company] = true
	}
	all := slices.Collect(func(yield func(string) bool) {
		for c := range companies {
			if !yield(c) {
				return
			}
		}
	})
	text := strings.Join(all, "\n")
	for _, maker := range []string{
		"Amazon", "Ring", "Blink", "Google Nest", "Apple", "Samsung", "SmartThings", "LG", "Sony", "PlayStation", "Signify", "TP Vision", "Roku", "Vizio",
		"Hisense", "TCL", "Xiaomi", "Roborock", "Dreame", "Ecovacs", "iRobot", "Tuya", "eWeLink", "Sonoff", "Shelly", "Bosch", "Home Connect", "Siemens",
		"Miele", "Whirlpool", "Haier", "Electrolux", "Dyson", "Netatmo", "Withings", "Fitbit", "Garmin", "Polar", "Oura", "tado", "Resideo", "ecobee", "Nuki",
		"August", "Arlo", "Eufy", "Wyze", "Reolink", "Hikvision", "EZVIZ", "Dahua", "Imou", "TP-Link", "D-Link", "Netgear", "Ubiquiti", "AVM", "Sonos", "Bose",
		"Spotify", "Netflix", "Disney", "HP", "Epson", "Canon", "Brother", "Microsoft", "Nintendo", "Meta", "Tesla", "BMW", "Volkswagen", "Fronius", "SMA",
		"SolarEdge", "Enphase", "Huawei FusionSolar", "Growatt", "Eve", "Meross", "Govee", "LIFX", "Nanoleaf", "Yeelight", "IKEA", "Aqara", "SwitchBot",
		"Tractive", "Nanit", "Owlet", "Tolino", "NTP Pool", "Akamai", "Cloudflare", "Fastly", "Microsoft Azure", "Adjust", "AppsFlyer", "Twilio", "Amplitude",
		"Mixpanel", "Sentry", "New Relic", "Samba TV", "Alphonso", "Conviva", "comScore", "Nielsen", "Gracenote", "The Trade Desk", "Criteo", "Taboola",
	} {
		if !strings.Contains(text, maker) {
			t.Errorf("nothing of %s", maker)
		}
	}
}

package arch

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The floors, as lists to be put together.
var (
	floor0   = []string{"assets"}
	everyone = "assets/words" // each floor may speak
	floor1   = []string{"discovery", "discovery/flow", "discovery/fingerprint", "discovery/recipient", "discovery/mud", "discovery/behaviour"}
	floor2   = []string{"consent", "consent/ledger", "consent/category"}
	floor3   = []string{"connectors", "connectors/web", "connectors/dnsblock"}
	to3      = slices.Concat(floor1, floor2, floor3)
	engines  = []string{"consent/expiry", "consent/enforce", "connectors/sessions"}
	adapters = []string{
		"discovery/mdns/...", "discovery/ssdp/...", "discovery/announce/...", "discovery/neighbor/...", "discovery/capture", "connectors/*",
		"app/internal/store", "app/internal/secrets", "app/internal/notify", "app/internal/rpc", "app/internal/clock", "app/internal/autostart", "app/internal/guard", "app/internal/calendar",
	}
	floor5 = []string{"app/internal/engine", "app/internal/health", "app/internal/view/...", "app/internal/changes"}
	ui     = []string{"app/internal/ui/..."}
	top    = []string{"app/internal/lifecycle", "app/internal/demo", "app/internal/picture/..."}
)

// rules say which of our own packages a package may import itself; the first
// one that names it counts. What is not named has no floor, and that fails.
var rules = []struct {
	packages []string
	may      []string
}{
	{[]string{"assets/...", "discovery", "app/internal/changes", "app/internal/arch", "app/internal/lab", ".ci/..."}, nil},
	{[]string{"discovery/flow", "discovery/fingerprint"}, []string{"discovery"}},
	{[]string{"discovery/recipient", "discovery/mud", "discovery/behaviour"}, []string{"discovery", "discovery/flow"}},
	{[]string{"consent/ledger"}, floor1},
	{[]string{"consent/category"}, slices.Concat(floor1, []string{"consent"})},
	{[]string{"consent"}, slices.Concat(floor1, []string{"consent/ledger"})},
	{[]string{"connectors"}, slices.Concat(floor1, floor2)},
	{[]string{"connectors/web"}, slices.Concat(floor1, floor2, []string{"connectors"})},
	{[]string{"connectors/dnsblock"}, slices.Concat(floor1, floor2, []string{"connectors", "connectors/web"})},
	{engines, to3},
	{[]string{"connectors/builtin", "connectors/connectortest"}, slices.Concat(floor0, to3, []string{"connectors/*"})},
	// The socket speaks the engine's interface, so it knows that interface.
	{[]string{"app/internal/rpc"}, slices.Concat(to3, []string{"app/internal/engine", "app/internal/changes"})},
	{adapters, slices.Concat(floor0, to3)},
	{[]string{"app/internal/engine"}, slices.Concat(to3, []string{"app/internal/changes"})},
	{[]string{"app/internal/health"}, to3},
	{[]string{"app/internal/view/..."}, slices.Concat(to3, floor5)},
	{[]string{"app/internal/ui/kit"}, slices.Concat(floor0, []string{"app/internal/view"})},
	// The shell shows pages but does not know them: app hands them over.
	{[]string{"app/internal/ui", "app/internal/ui/*"}, slices.Concat(floor0, []string{"app/internal/view/...", "app/internal/health", "app/internal/ui/kit"})},
	{[]string{"app/internal/lifecycle"}, slices.Concat(floor0, to3, engines, adapters, floor5)},
	{[]string{"app/internal/demo"}, slices.Concat(floor0, to3, engines, adapters, floor5, []string{"app/internal/lifecycle"})},
	{[]string{"app/internal/picture/..."}, slices.Concat(floor0, to3, floor5, ui, []string{"app/internal/demo", "app/internal/lifecycle", "app/internal/picture/...", "connectors/builtin", "connectors/openwrt"})},
	{[]string{"app/agent"}, slices.Concat(floor0, to3, engines, adapters, floor5, []string{"app/internal/lifecycle", "app/internal/demo"})},
	{[]string{"app"}, slices.Concat(floor0, to3, engines, adapters, floor5, ui, top)},
}

func TestFloors(t *testing.T) {
	report(t, floorFaults(own(t)))
}

func floorFaults(all map[string]pkg) (faults []string) {
	for name, p := range all {
		may, known := allowed(name)
		if !known {
			faults = append(faults, name+" has no floor; give it one in rules")
			continue
		}
		for _, i := range unique(p.Imports) {
			other, ours := strings.CutPrefix(i, modPath+"/")
			if ours && other != everyone && !matches(other, may...) {
				faults = append(faults, name+" imports "+other+", which its floor may not")
			}
		}
	}
	return faults
}

func allowed(name string) ([]string, bool) {
	for _, r := range rules {
		if matches(name, r.packages...) {
			return r.may, true
		}
	}
	return nil, false
}

// reach says what must not be reached at all, not even through others.
var reach = []struct {
	packages []string
	never    []string // prefixes of import paths
}{
	{[]string{everyone, "discovery", "discovery/flow", "discovery/fingerprint", "discovery/recipient", "discovery/mud", "discovery/behaviour", "consent", "consent/ledger", "consent/category"}, []string{"database/sql", "net/http", "os/exec", modPath + "/app", modPath + "/connectors"}},
	{[]string{"connectors", "connectors/web", "connectors/dnsblock", "consent/expiry", "consent/enforce", "connectors/sessions"}, []string{"database/sql", modPath + "/app"}},
	{[]string{"app/internal/ui/..."}, []string{"database/sql", "fyne.io/fyne/v2/app", modPath + "/app/internal/store", modPath + "/app/internal/secrets", modPath + "/app/internal/lifecycle"}},
	{[]string{"app/internal/view"}, []string{"database/sql", modPath + "/app/internal/store", modPath + "/app/internal/rpc"}},
}

func TestNeverReached(t *testing.T) {
	report(t, reachFaults(own(t)))
}

func reachFaults(all map[string]pkg) (faults []string) {
	for name, p := range all {
		for _, d := range unique(p.Deps) {
			for _, r := range reach {
				if matches(name, r.packages...) && under(d, r.never) {
					faults = append(faults, name+" reaches "+d)
				}
			}
			if under(d, []string{"fyne.io/"}) && !matches(name, "app", "app/internal/ui/...", "app/internal/picture/...") {
				faults = append(faults, name+" reaches "+d+"; Fyne belongs to the window")
			}
		}
		if !matches(name, "app/internal/ui/...") {
			continue
		}
		for _, i := range unique(p.Imports) {
			if under(i, []string{"net", "os/exec", "database/"}) && i != "net/url" {
				faults = append(faults, name+" imports "+i+"; pages know no network and no storage")
			}
		}
	}
	return faults
}

// owners says whose library is whose; nothing else imports it, tests apart.
var owners = []struct {
	library string // prefix of import paths
	of      []string
}{
	{"fyne.io/fyne/v2/app", []string{"app"}},
	{"fyne.io/fyne/v2/test", []string{"app/internal/picture/..."}},
	{"fyne.io/fyne/v2", []string{"app", "app/internal/ui/...", "app/internal/picture/..."}},
	{"modernc.org/", []string{"app/internal/store"}},
	{"github.com/gofrs/flock", []string{"app/internal/store"}},
	{"github.com/zalando/go-keyring", []string{"app/internal/secrets"}},
	{"github.com/godbus/dbus", []string{"app/internal/secrets", "app/internal/notify"}},
	{"github.com/miekg/dns", []string{"discovery/mdns/..."}},
	{"github.com/arran4/golang-ical", []string{"app/internal/calendar"}},
	{"github.com/grandcat/zeroconf", []string{"discovery/announce"}},
	{"github.com/koron/go-ssdp", []string{"discovery/ssdp"}},
	{"github.com/google/nftables", []string{"connectors/gateway"}},
	{"github.com/netsampler/goflow2", []string{"connectors/netflow"}},
	{"github.com/gopacket/gopacket", []string{"discovery/capture"}},
	{"github.com/ti-mo/", []string{"connectors/gateway"}},
	{"github.com/mdlayher/", []string{"connectors/gateway"}},
	{"github.com/eclipse/paho.mqtt.golang", []string{"connectors/mqtt"}},
	{"github.com/icholy/digest", []string{"connectors/fritzbox"}},
	{"github.com/gorilla/websocket", []string{"connectors/homeassistant"}},
	{"github.com/mochi-mqtt/server", []string{"app/internal/demo"}},
	{"github.com/vishvananda/netlink", []string{"discovery/neighbor", "connectors/gateway"}},
	{"github.com/thejerf/suture", []string{"app/internal/lifecycle"}},
	{"gopkg.in/natefinch/lumberjack", []string{"app/internal/lifecycle"}},
	{"github.com/google/uuid", []string{"consent", "app/internal/engine", "app/internal/store", "app/internal/lifecycle"}},
	{"go.yaml.in/yaml/v3", []string{"connectors/recipe", "connectors/guide", "connectors/oauth"}},
	{"golang.org/x/time/", []string{"app/internal/guard"}},
	// The list of public suffixes reaches net/http, so that lifecycle hands it to the pure package that needs it.
	{"golang.org/x/net/publicsuffix", []string{"app/internal/lifecycle"}},
	{"github.com/oschwald/maxminddb-golang", []string{"discovery/recipient"}},
	{"golang.org/x/net/", []string{"discovery/mdns/...", "discovery/ssdp", "discovery/announce"}},
	{"golang.org/x/sys/", slices.Concat(adapters, []string{"app", "app/agent", "app/internal/lifecycle"})},
	{"golang.org/x/text/", []string{"discovery", "discovery/fingerprint", "app/internal/view/..."}},
	{"github.com/google/go-cmp", []string{"connectors/connectortest"}},
	{"go.uber.org/goleak", []string{"connectors/connectortest"}},
}

func TestLibraryOwners(t *testing.T) {
	report(t, ownerFaults(own(t)))
}

func ownerFaults(all map[string]pkg) (faults []string) {
	for name, p := range all {
		for _, i := range unique(p.Imports) {
			if first, _, _ := strings.Cut(i, "/"); !strings.Contains(first, ".") {
				continue // std or ours
			}
			of, known := ownersOf(i)
			switch {
			case !known:
				faults = append(faults, name+" imports "+i+", which has no owner; give it one in owners")
			case !matches(name, of...):
				faults = append(faults, name+" imports "+i+", which belongs to "+strings.Join(of, ", "))
			}
		}
		for _, i := range unique(p.Test) {
			if i == "fyne.io/fyne/v2/app" {
				faults = append(faults, "a test of "+name+" imports "+i+" and so needs a display")
			}
		}
	}
	return faults
}

func ownersOf(importPath string) ([]string, bool) {
	for _, o := range owners {
		if strings.HasPrefix(importPath, o.library) {
			return o.of, true
		}
	}
	return nil, false
}

// TestRulesBite makes sure that each kind of rule finds what it is there for.
func TestRulesBite(t *testing.T) {
	bad := map[string]pkg{
		"app/internal/view":        {Imports: []string{modPath + "/app/internal/store"}},
		"app/internal/ui/home":     {Imports: []string{modPath + "/app/internal/ui/devices", "net"}},
		"consent/expiry":           {Imports: []string{modPath + "/consent/enforce"}},
		"connectors/gateway":       {Imports: []string{modPath + "/app/internal/store", "modernc.org/sqlite"}},
		"discovery":                {Deps: []string{"net/http"}},
		"app/internal/lifecycle":   {Deps: []string{"fyne.io/fyne/v2"}, Imports: []string{modPath + "/app/internal/ui"}},
		"app/internal/nobodyknows": {},
		"app/internal/ui/devices":  {Imports: []string{"fyne.io/fyne/v2/app"}, Test: []string{"fyne.io/fyne/v2/app"}},
		"app/internal/notify":      {Imports: []string{"github.com/somebody/new"}},
	}
	for what, got := range map[string]struct{ faults, want int }{
		"floors": {len(floorFaults(bad)), 6}, "reach": {len(reachFaults(bad)), 3}, "owners": {len(ownerFaults(bad)), 4},
	} {
		if got.faults != got.want {
			t.Errorf("%s: %d faults found, want %d", what, got.faults, got.want)
		}
	}
}

func report(t *testing.T, faults []string) {
	t.Helper()
	slices.Sort(faults)
	for _, f := range faults {
		t.Error(f)
	}
}

// TestAgent: the engine without a window holds no Fyne and needs no C compiler.
func TestAgent(t *testing.T) {
	if !hasGo("app/agent") {
		t.Fatal("app/agent is gone, and with it what this test guards")
	}
	for _, system := range systems {
		for _, p := range goList(t, system, "./app/agent") {
			if strings.HasPrefix(p.ImportPath, "fyne.io/") {
				t.Errorf("on %s the agent reaches %s", system, p.ImportPath)
			}
		}
	}
	c := exec.Command("go", "build", "-tags", tags, "-o", filepath.Join(t.TempDir(), "agent"), "./app/agent")
	c.Dir, c.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("building the agent without cgo: %v\n%s", err, out)
	}
}

func hasGo(dir string) bool {
	found, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	return err == nil && len(found) > 0
}

func under(importPath string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool {
		return importPath == p || strings.HasPrefix(importPath, strings.TrimSuffix(p, "/")+"/")
	})
}

func unique(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return slices.Compact(s)
}

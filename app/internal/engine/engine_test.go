package engine_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/store"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// peers is a Sessions whose connections can do what caps says, but for those that
// by knows better.
type peers struct {
	caps connectors.Capabilities
	by   map[string]connectors.Capabilities
	shut map[string]consent.ErrorKind // connections that cannot be opened, and why
}

func (p *peers) Capabilities(id string) (connectors.Capabilities, bool) {
	if _, shut := p.shut[id]; shut {
		return connectors.Capabilities{}, false
	}
	if c, known := p.by[id]; known {
		return c, true
	}
	return p.caps, true
}

func (p *peers) Health(id string) engine.SessionHealth {
	if kind, shut := p.shut[id]; shut {
		return engine.SessionHealth{Kind: kind, Trouble: "closed"}
	}
	return engine.SessionHealth{Open: true}
}
func (p *peers) Reload(context.Context) error { return nil }
func (p *peers) Try(context.Context, connectors.Connection) (connectors.Capabilities, error) {
	return p.caps, nil
}

func (p *peers) Use(ctx context.Context, id string, f func(context.Context, connectors.Capabilities) error) error {
	c, _ := p.Capabilities(id)
	return f(ctx, c)
}

// blocker is a peer that must not be asked: previews and decisions only look.
type blocker struct{ t testing.TB }

func (b blocker) Block(context.Context, connectors.BlockRequest) (connectors.Receipt, error) {
	b.t.Error("the engine asked a peer by itself; only the runner may")
	return connectors.Receipt{}, nil
}

func (b blocker) Unblock(context.Context, connectors.Receipt) (connectors.Receipt, error) {
	b.t.Error("the engine asked a peer by itself; only the runner may")
	return connectors.Receipt{}, nil
}

// home is an engine on a real store with a clock that the test moves.
type home struct {
	*engine.Core
	t     testing.TB
	now   time.Time
	st    *store.Store
	peers *peers
	ids   int
	poked int
	kind  discovery.Kind // what every device is guessed to be

	fault     error      // of reading the connections
	meanwhile func()     // is done in the middle of a deletion
	lookup    netip.Addr // what every name stands for
	resolvers []netip.Addr
}

// listing is the store, whose list of connections may fail.
type listing struct {
	*store.Store
	h *home
}

func (l listing) Connections(ctx context.Context) ([]connectors.Connection, error) {
	if l.h.fault != nil {
		return nil, l.h.fault
	}
	return l.Store.Connections(ctx)
}

func (l listing) DeleteAllFlows(ctx context.Context) (int64, error) {
	if l.h.meanwhile != nil {
		l.h.meanwhile()
	}
	return l.Store.DeleteAllFlows(ctx)
}

func newHome(t testing.TB) *home {
	t.Helper()
	h := &home{t: t, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), peers: &peers{}, lookup: netip.MustParseAddr("203.0.113.9")}
	newID := func(p string) string { h.ids++; return fmt.Sprintf("%s%011d", p, h.ids) }
	now := func() time.Time { return h.now }
	var err error
	h.st, err = store.Open(t.Context(), store.Config{Dir: t.TempDir(), Now: now, NewID: newID, Changed: func(...string) {}, Reserve: 4096, MinFree: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.st.Close(); err != nil {
			t.Error(err)
		}
	})
	inv, err := discovery.NewInventory(discovery.InventoryConfig{
		Now: now, NewID: func() discovery.DeviceID { return discovery.DeviceID(newID("d")) },
		Fingerprint: func(discovery.Device) discovery.Guess { return discovery.Guess{Kind: h.kind} },
	})
	if err != nil {
		t.Fatal(err)
	}
	reg, err := connectors.NewRegistry(kind{})
	if err != nil {
		t.Fatal(err)
	}
	h.Core, err = engine.New(engine.Config{
		Store: listing{h.st, h}, Inventory: inv, Sessions: h.peers, Registry: reg, Hub: &changes.Hub{}, Log: slog.New(slog.DiscardHandler), Now: now,
		Zone: func() (string, *time.Location) { return "Europe/Berlin", berlin(t) }, NewID: newID,
		Poke: func() { h.poked++ }, Retry: func(context.Context, consent.ActionID) error { return nil },
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{h.lookup}, nil
		},
		Resolvers: func() []netip.Addr { return h.resolvers },
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func berlin(t testing.TB) *time.Location {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// connect gives the home a peer that blocks by recipient and can hold a start.
func (h *home) connect(holds bool) {
	h.t.Helper()
	h.peers.caps = connectors.Capabilities{Blocker: blocker{h.t}, Traits: connectors.Traits{Grain: connectors.GrainRecipient, HoldsStart: holds, IPv4: true, IPv6: true}}
	if err := h.st.SaveConnection(h.t.Context(), connectors.Connection{ID: "k1", Kind: "fake", Name: "Gateway"}); err != nil {
		h.t.Fatal(err)
	}
}

// see makes a device with one MAC.
func (h *home) see(mac string) discovery.DeviceID {
	h.t.Helper()
	h.Sight(discovery.Sighting{
		Source: discovery.SourceNeighbor, At: h.now, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}},
		Addresses: []netip.Addr{netip.MustParseAddr("192.168.77.30")},
	})
	d, err := h.Device(h.t.Context(), mac)
	if err != nil {
		h.t.Fatal(err)
	}
	return d.ID
}

func (h *home) allow(id discovery.DeviceID, name string, dest ...string) engine.ConsentInfo {
	h.t.Helper()
	info, err := h.Allow(h.t.Context(), engine.AllowRequest{
		Device: id, Recipient: consent.Recipient{Name: name, Destinations: dest}, Data: []consent.Category{"video"}, Until: "2027-05-31", How: "test",
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return info
}

const bell = "00:11:22:33:44:55"

func TestAllowWritesThePermissionItsDiaryAndItsHandOver(t *testing.T) {
	for _, holds := range []bool{true, false} {
		h := newHome(t)
		h.connect(holds)
		info := h.allow(h.see(bell), "Bell Maker", "203.0.113.7")
		if want := time.Date(2027, 5, 31, 22, 0, 0, 0, time.UTC); !info.Expires.Equal(want) {
			t.Errorf("it ends at %s, want the end of that day in Berlin, %s", info.Expires, want)
		}
		if info.Remedy != consent.Block || info.Decided != consent.Given || info.Seen != consent.NotChecked {
			t.Errorf("remedy %s, decided %s, seen %s", info.Remedy, info.Decided, info.Seen)
		}
		if got := len(info.Actions) == 1 && info.Actions[0].Kind == consent.ActHandOver; got != holds {
			t.Errorf("peer holds dates: %v; handed over: %v (%v)", holds, got, info.Actions)
		}
		if h.poked == 0 {
			t.Error("the runner was not woken")
		}
		es, err := h.Diary(t.Context(), engine.DiaryQuery{Consent: info.ID})
		if err != nil || len(es) != 1 || es[0].Kind != consent.NoteGiven || !strings.Contains(es[0].Text, "Bell Maker until 31 May 2027") {
			t.Errorf("the diary says %+v, %v", es, err)
		}
	}
}

func TestWithoutAnythingThatBlocksTheRemedyIsTheSteps(t *testing.T) {
	h := newHome(t)
	if info := h.allow(h.see(bell), "Bell Maker", "203.0.113.7"); info.Remedy != consent.Guide {
		t.Errorf("remedy %s, want %s", info.Remedy, consent.Guide)
	}
}

func TestASecondPermissionForTheSameIsRefused(t *testing.T) {
	h := newHome(t)
	id := h.see(bell)
	h.allow(id, "Bell Maker", "203.0.113.7")
	_, err := h.Allow(t.Context(), engine.AllowRequest{Device: id, Recipient: consent.Recipient{Name: "Again", Destinations: []string{"203.0.113.7"}}, Until: "1mo", How: "test"})
	if err == nil || !strings.Contains(err.Error(), "already a permission") {
		t.Errorf("Allow() = %v", err)
	}
	h.allow(id, "Somebody else", "203.0.113.8")
}

func TestEndAsksForTheBlockAndUndoGivesItBack(t *testing.T) {
	h := newHome(t)
	h.connect(true)
	info := h.allow(h.see(bell), "Bell Maker", "203.0.113.7")
	ended, err := h.End(t.Context(), info.ID, "test")
	if err != nil || ended.Decided != consent.Withdrawn || ended.Actions[0].Kind != consent.ActBlock || ended.Actions[0].State != consent.Pending {
		t.Fatalf("End() = %+v, %v", ended, err)
	}
	if _, err := h.End(t.Context(), info.ID, "test"); err == nil {
		t.Error("an ended permission ended twice")
	}
	if _, err := h.Undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	back, err := h.Consent(t.Context(), info.ID)
	if err != nil || !back.Decided.Live() || !back.Expires.Equal(info.Expires) || back.Version != 3 {
		t.Errorf("after undo: %s version %d until %s, %v", back.Decided, back.Version, back.Expires, err)
	}
	for _, a := range back.Actions {
		if a.Kind == consent.ActBlock && a.State != consent.Cancelled {
			t.Errorf("the block is still %s", a.State)
		}
	}
}

func TestUndoTakesBackOneAfterTheOther(t *testing.T) {
	h := newHome(t)
	id := h.see(bell)
	for _, name := range []string{"Bell", "Door bell"} {
		if err := h.Label(t.Context(), id, name); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"Bell", ""} {
		if _, err := h.Undo(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d, err := h.Device(t.Context(), string(id)); err != nil || d.Label != want {
			t.Errorf("after undo the label is %q, %v, want %q", d.Label, err, want)
		}
	}
	if _, err := h.Undo(t.Context()); !errors.Is(err, engine.ErrNothingToUndo) {
		t.Errorf("a third undo: %v", err)
	}
}

func TestWhatIsProtectedIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	h := newHome(t)
	h.connect(true)
	id := h.see(bell)
	h.Sight(discovery.Sighting{Source: discovery.SourceSelf, At: h.now, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: bell}}, Role: discovery.RoleThisComputer})
	if _, err := h.Disconnect(t.Context(), id, true, "test"); !errors.Is(err, consent.ErrProtected) {
		t.Errorf("Disconnect() = %v, want ErrProtected", err)
	}
	if as, err := h.st.Actions(t.Context()); err != nil || len(as) != 0 {
		t.Errorf("written all the same: %v, %v", as, err)
	}
}

func TestMedicalNeedsASecondConfirmation(t *testing.T) {
	h := newHome(t)
	h.connect(true)
	id := h.see(bell)
	if err := h.SetEssential(t.Context(), id, discovery.EssentialMedical); err != nil {
		t.Fatal(err)
	}
	if p, err := h.PreviewDisconnect(t.Context(), id); err != nil || !p.Confirm || p.Refused != "" {
		t.Errorf("preview %+v, %v", p, err)
	}
	if _, err := h.Disconnect(t.Context(), id, false, "test"); !errors.Is(err, consent.ErrEssential) {
		t.Errorf("without it: %v", err)
	}
	if a, err := h.Disconnect(t.Context(), id, true, "test"); err != nil || !a.Confirmed {
		t.Errorf("with it: %+v, %v", a, err)
	}
}

// What is said before the date is what comes on it: a device that the clock may
// not cut is not announced as one that it will. The twins have no such mark.
func TestAPermissionSaysThatTheClockNeverCutsItsDevice(t *testing.T) {
	h := newHome(t)
	id := h.see(bell)
	given := h.allow(id, "Bell Maker", "203.0.113.7").ID
	for grade, want := range map[discovery.Essential]bool{
		discovery.EssentialMedical: true, discovery.EssentialSafety: true, discovery.EssentialComfort: false, discovery.EssentialNone: false,
	} {
		if err := h.SetEssential(t.Context(), id, grade); err != nil {
			t.Fatal(err)
		}
		if c, err := h.Consent(t.Context(), given); err != nil || c.NeverCut != want {
			t.Errorf("%q: %v, %v", grade, c.NeverCut, err)
		}
	}
}

func TestTrafficIsNamedByThePermissionThatCoversIt(t *testing.T) {
	h := newHome(t)
	id := h.see(bell)
	h.allow(id, "Bell Maker", "203.0.113.7", "bell.example")
	to := func(addr string, up uint64) flow.Record {
		return flow.Record{
			Key:   flow.Key{Destination: flow.Destination{Address: netip.MustParseAddr(addr)}, Protocol: "tcp", Port: 443},
			Local: flow.Local{MAC: bell}, Up: up, Down: 1, Count: 1, First: h.now.Add(-time.Minute), Last: h.now, Source: "connector:k1",
		}
	}
	if _, err := h.Consents(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.Resolve(t.Context(), consent.Recipient{Destinations: []string{"bell.example"}}) // 203.0.113.9
	if err := h.AddFlows(t.Context(), "k1", []flow.Record{to("203.0.113.7", 100), to("203.0.113.9", 10), to("198.51.100.1", 1000)}, nil); err != nil {
		t.Fatal(err)
	}
	totals, err := h.Totals(t.Context(), engine.FlowQuery{Since: h.now.Add(-time.Hour)})
	if err != nil || len(totals) != 2 {
		t.Fatalf("Totals() = %+v, %v", totals, err)
	}
	if totals[0].Name != "198.51.100.1" || totals[0].Known || totals[1].Name != "Bell Maker" || totals[1].Up != 110 || !totals[1].Known {
		t.Errorf("Totals() = %+v", totals)
	}
	if d, err := h.Device(t.Context(), string(id)); err != nil || d.Strays != 1 {
		t.Errorf("%d recipients without a permission, %v", d.Strays, err)
	}
	days, err := h.Days(t.Context(), id, 14)
	if err != nil || len(days) != 14 || days[13].Up != 1110 || days[13].Date != "2026-11-22" {
		t.Errorf("Days() = %+v, %v", days, err)
	}
}

// TestPhonesArePeople: what stands for a person is stored by the day and without
// names; the twin, a device that is known to be a camera, keeps both.
func TestPhonesArePeople(t *testing.T) {
	h := newHome(t)
	at := h.now.Add(-17 * time.Minute)
	last := func(mac string) flow.Record {
		t.Helper()
		id := h.see(mac)
		r := flow.Record{
			Key:   flow.Key{Destination: flow.Destination{Domain: "clinic.example", Address: netip.MustParseAddr("203.0.113.7")}, Protocol: "tcp", Port: 443},
			Local: flow.Local{MAC: mac}, Up: 5, Count: 1, First: at, Last: at, Source: "connector:k1",
		}
		if err := h.AddFlows(t.Context(), "k1", []flow.Record{r}, nil); err != nil {
			t.Fatal(err)
		}
		got, err := h.st.Flows(t.Context(), flow.Query{Device: id})
		if err != nil || len(got) != 1 || got[0].Up != 5 {
			t.Fatalf("stored %+v, %v", got, err)
		}
		return got[0]
	}
	if r := last(bell); r.Last.Equal(at) || r.First.Equal(at) || r.Destination.Domain != "" {
		t.Errorf("of an unknown device this is kept: %+v", r)
	}
	h.kind = discovery.KindCamera
	if r := last("00:11:22:33:44:66"); !r.Last.Equal(at) || r.Destination.Domain != "clinic.example" {
		t.Errorf("of a camera only this is kept: %+v", r)
	}
}

func TestTwoDevicesOfOneNameAreNotGuessedBetween(t *testing.T) {
	h := newHome(t)
	a := h.see(bell)
	b := h.see("00:11:22:33:44:66")
	for _, id := range []discovery.DeviceID{a, b} {
		if err := h.Label(t.Context(), id, "Lamp"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Device(t.Context(), "lamp"); err == nil || !strings.Contains(err.Error(), string(a)) || !strings.Contains(err.Error(), string(b)) {
		t.Errorf("Device() = %v, want both ids named", err)
	}
	if d, err := h.Device(t.Context(), string(b)); err != nil || d.ID != b {
		t.Errorf("by id: %v, %v", d.ID, err)
	}
}

func TestExportDisarmsFormulasAndHoldsTheWholeDiary(t *testing.T) {
	h := newHome(t)
	id := h.see(bell)
	if err := h.Label(t.Context(), id, "=HYPERLINK(evil)"); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "out")
	files, err := h.Export(t.Context(), dir)
	if err != nil || len(files) != 8 {
		t.Fatalf("Export() = %v, %v", files, err)
	}
	f, err := os.Open(filepath.Join(dir, "devices.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v, %v", rows, err)
	}
	for _, c := range rows[1] {
		if c != "" && strings.ContainsRune("=+-@", rune(c[0])) {
			t.Errorf("a spreadsheet would run %q", c)
		}
	}
	if r, err := h.VerifyDiary(t.Context()); err != nil || !r.OK() || r.Entries == 0 {
		t.Errorf("VerifyDiary() = %v, %v", r, err)
	}
	// In JSON lists are lists, with the keys that the command line gives them.
	d := exported(t, dir, "devices")[0]
	mac, _ := d["identifiers"].([]any)
	if len(mac) == 0 || mac[0].(map[string]any)["type"] != "mac" {
		t.Errorf("%v", d)
	}
	for _, key := range []string{"addresses", "services", "evidence"} {
		if _, list := d[key].([]any); !list {
			t.Errorf("%s is %v", key, d[key])
		}
	}
}

package lifecycle

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/health"
	"bestbefore/discovery/flow"
	"bestbefore/discovery/recipient"
)

// TestRecipientsFollowTheDataFolder: the shipped table answers, a file of the
// person's wins, and what is wrong with a file is said on the home page.
func TestRecipientsFollowTheDataFolder(t *testing.T) {
	h := &Home{Config: Config{Dir: t.TempDir()}, Hub: &changes.Hub{}, board: &health.Board{}}
	if err := h.openRecipients(); err != nil {
		t.Fatal(err)
	}
	bell := flow.Destination{Domain: "fw.ring.com", Address: netip.MustParseAddr("8.8.8.8")}
	got := h.who.Lookup(bell)
	if got.Company != "Ring (Amazon)" || got.Basis != recipient.BasisCurated || got.AddressCountry != "US" || got.Network == "" {
		t.Fatalf("%+v", got)
	}
	dir := filepath.Join(h.Dir, RecipientsDir)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "mine.csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("domain;company\nring.com;The bell people\n")
	if err := h.who.Refresh(); err != nil {
		t.Fatal(err)
	}
	if got := h.who.Lookup(bell); got.Company != "The bell people" || got.List != "mine" {
		t.Errorf("%+v", got)
	}
	put("domain;company\nco.uk;Everybody there\n")
	if err := h.who.Refresh(); err == nil || !strings.Contains(err.Error(), "mine.csv") || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("the fault is not named: %v", err)
	}
	if got := h.who.Lookup(bell); got.Basis != recipient.BasisCurated {
		t.Errorf("%+v", got)
	}
}

package lifecycle

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// T17: one record that cannot be believed is set aside and shown; the others load
// and are enforced. The twin: an undamaged one ends like the other, and nothing
// is shown.
func TestT17OneDamagedRecordHoldsNoOtherUp(t *testing.T) {
	for _, damaged := range []bool{true, false} {
		t.Run(fmt.Sprint("damaged ", damaged), func(t *testing.T) {
			peer := connectortest.NewPeer(clock.Wall)
			dir := t.TempDir()
			h, stop := start(t, dir, peer)
			id := sight(h)
			connect(t, h)
			bell := allow(t, h.Engine(), id, "Bell Maker", "203.0.113.7", "1h")
			odd := allow(t, h.Engine(), id, "Oddly Named", "198.51.100.9", "1h")
			stop()
			if damaged {
				spoil(t, filepath.Join(dir, "evidence.db"), "Oddly Named", "Oddly Nam3d")
			}
			h, _ = start(t, dir, peer)
			if _, err := h.Engine().End(t.Context(), bell, "test"); err != nil {
				t.Fatal(err)
			}
			until(t, "the good one is enforced", func() bool { return !peer.Send(bellMAC, "203.0.113.7", 443, 10) })
			if !peer.Send(bellMAC, "198.51.100.9", 443, 10) {
				t.Error("the other was cut though nobody ended it")
			}
			_, err := h.Engine().End(t.Context(), odd, "test")
			if (err != nil) != damaged {
				t.Errorf("ending the damaged one: %v", err)
			}
			bad, err := h.Engine().Quarantined(t.Context())
			if err != nil || (len(bad) > 0) != damaged || damaged && !strings.Contains(fmt.Sprintf("%+v", bad), string(odd)) {
				t.Errorf("set aside: %+v, %v", bad, err)
			}
			cs, err := h.Engine().Consents(t.Context())
			if err != nil || len(cs) != map[bool]int{true: 1, false: 2}[damaged] {
				t.Errorf("%d permissions, %v", len(cs), err)
			}
		})
	}
}

// spoil changes a closed file everywhere; the length stays.
func spoil(t *testing.T, path, old, changed string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Count(b, []byte(old)) < 2 {
		t.Fatal("the record is not in the file")
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(b, []byte(old), []byte(changed)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// T50: the link of a reminder names the permission and the version it spoke of. It
// opens that permission after a restart and when a newer version exists; then the
// newest is shown with the older one beside it, and the answer to the old one
// decides nothing. The twin: a link to nothing opens nothing.
func TestT50ALinkOpensTheRightPermissionAlsoWhenItWasDecidedAnew(t *testing.T) {
	peer := connectortest.NewPeer(clock.Wall)
	dir := t.TempDir()
	h, stop := start(t, dir, peer)
	id := sight(h)
	connect(t, h)
	bell := allow(t, h.Engine(), id, "Bell Maker", "203.0.113.7", "1d")
	other := allow(t, h.Engine(), id, "Another", "198.51.100.9", "1d")
	notice := view.Notice{Consent: bell, Version: 1, Renewal: "1mo"}
	link := target(notice)
	opened := func() (engine.ConsentInfo, error) {
		ref, ok := strings.CutPrefix(link, "consent/")
		ref, version, at := strings.Cut(ref, "@")
		if !ok || !at || version != "1" {
			t.Fatalf("the link is %q", link)
		}
		return h.Engine().Consent(t.Context(), consent.ID(ref))
	}
	if c, err := opened(); err != nil || c.ID != bell || c.ID == other || c.Version != 1 {
		t.Fatalf("%+v, %v", c.Consent, err)
	}
	if _, err := h.Engine().End(t.Context(), bell, "test"); err != nil {
		t.Fatal(err)
	}
	stop()
	h, _ = start(t, dir, peer)
	c, err := opened()
	if err != nil || c.ID != bell || c.Version != 2 || len(c.Versions) != 2 || c.Versions[0].Version != 1 {
		t.Errorf("%+v with %d versions, %v", c.Consent, len(c.Versions), err)
	}
	for _, answer := range []string{view.NoticeRenew, view.NoticeLapse} {
		if err := h.settle(t.Context(), notice, answer); !errors.Is(err, consent.ErrChanged) {
			t.Errorf("%s of version 1: %v", answer, err)
		}
	}
	link = target(view.Notice{Consent: "cnobodyknows", Version: 1})
	if c, err := opened(); err == nil {
		t.Errorf("a link to nothing opened %s", c.ID)
	}
}

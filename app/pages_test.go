package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// An access is listed without ours, ended with a second word, and told; the real
// engine ends it at the real peer.
func TestAnAccessIsEndedInTheWindow(t *testing.T) {
	h := &hours{}
	peer := connectortest.NewPeer(h.right)
	peer.AddGrant(consent.Grant{ID: "old-tablet", Kind: "login", Name: "Old tablet", LastUsed: h.now().AddDate(0, -6, 0), Scopes: []string{"everything"}})
	peer.AddGrant(consent.Grant{ID: "phone", Kind: "login", Name: "Phone app", LastUsed: h.now()})
	peer.AddGrant(consent.Grant{ID: "us", Kind: "token", Name: "Token of ours", Own: true})
	s := open(t, t.TempDir(), h, sights{bell()}, &leaky{Connector: peer.Connector(), blind: true})
	s.at(view.Route{Page: view.PageAccess}, "No token, key, login or account is known.")
	s.connect(connectortest.FakeKind, "Hub")
	s.until("both are listed", func() bool { return s.shows("Old tablet") && s.shows("Phone app") })
	if s.shows("Token of ours") {
		t.Error("our own access is listed")
	}
	if !s.shows("What Best Before itself uses to sign in is left out.") || !s.shows("long unused") {
		t.Error("that ours is left out is not said, or what is long unused")
	}
	s.draw("access-real")
	s.press("End this access") // of the first by name
	s.until("the preview is shown", func() bool { return s.button("End it for good") != nil })
	s.press("End it for good")
	if !peer.Works("old-tablet") || !s.shows("Sure?") {
		t.Fatal("one click ended it")
	}
	s.draw("access-real-sure")
	s.press("End it for good")
	s.until("it is ended at the peer, and the dialog says so", func() bool { return !peer.Works("old-tablet") && s.shows("is ended") })
	s.draw("access-real-done")
	s.press("Close")
	s.until("the page keeps the result", func() bool { return s.shows("Old tablet at Hub: its access was taken back") })
	if !peer.Works("phone") || !peer.Works("us") {
		t.Error("another one was ended")
	}
}

// drop drops files on the window.
func (s *stage) drop(paths ...string) {
	var what []fyne.URI
	for _, p := range paths {
		what = append(what, storage.NewFileURI(p))
	}
	s.win.dropped(fyne.NewPos(10, 10), what)
}

func (s *stage) file(name string, data []byte) string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// A connector file that is dropped on the window says what it may do, is used
// after a yes, and taken away again; one with faults names its lines.
func TestAConnectorFileIsDroppedApprovedAndRemoved(t *testing.T) {
	h := &hours{}
	s := open(t, t.TempDir(), h, nil, connectortest.NewPeer(h.right).Connector())
	text, err := os.ReadFile("../assets/recipes/examples/strava.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s.drop(s.file("mine.yaml", bytes.Replace(text, []byte("probe:"), []byte("prove:"), 1)))
	s.until("its faults are named", func() bool {
		return s.shows("mine.yaml cannot be used") && s.shows("column 1: there is no field \"prove\"")
	})
	s.draw("file-faults-real")
	s.press("Close")
	s.drop(s.file("strava.yaml", text))
	s.until("it says where it speaks to", func() bool { return s.shows("www.strava.com, and to nobody else") })
	s.draw("file-real")
	if all, err := s.e.Recipes(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("kept before a yes: %+v, %v", all, err)
	}
	s.press("Approve and use it")
	s.until("its form is open", func() bool {
		return s.shows("Connect: Strava access of one app") && s.button("Test and connect") != nil
	})
	s.press("Cancel")
	s.until("it is listed", func() bool { return s.shows("approved today") })
	s.press("Remove")
	s.press("Remove")
	s.until("it is gone", func() bool {
		all, err := s.e.Recipes(t.Context())
		return err == nil && len(all) == 0 && !s.shows("approved today")
	})
	s.drop("a.yaml", "b.yaml")
	s.until("files are taken one by one", func() bool { return s.shows("Drop one file at a time.") })
	s.drop(s.file("letter.pdf", []byte("%PDF-1.7")))
	s.until("what it is not is said", func() bool { return s.shows("letter.pdf is nothing that can be read here.") })
}

// A capture that is dropped on the window is looked into, taken over and forgotten.
func TestACaptureIsDroppedTakenOverAndForgotten(t *testing.T) {
	h := &hours{}
	s := open(t, t.TempDir(), h, sights{bell()}, connectortest.NewPeer(h.right).Connector())
	s.device()
	path := s.file("router.pcap", pcap(h.now().Add(-time.Hour)))
	s.drop(path)
	s.until("it says what is in it", func() bool {
		return s.shows("One device of your home is in it") && s.button("Take over 1 device") != nil
	})
	s.draw("capture-real")
	s.press("Take over 1 device")
	s.until("it is taken over", func() bool { return s.shows("Taken over from router.pcap") && s.button("Forget this capture") != nil })
	s.draw("capture-real-taken")
	s.drop(path)
	s.until("the same file is known", func() bool { return s.shows("nothing of it is counted twice") })
	s.press("Forget this capture")
	s.press("Forget this capture")
	s.until("it is forgotten", func() bool { return s.shows("Forgotten:") && s.button("Forget this capture") == nil })
	s.drop(s.file("bad.pcapng", []byte("this is no capture")))
	s.until("why it cannot be read is said", func() bool { return s.shows("bad.pcapng could not be read.") })
}

// The new pages are reached and used with the keyboard alone.
func TestTheNewPagesAreReachedByKeyboard(t *testing.T) {
	h := &hours{}
	s := open(t, t.TempDir(), h, sights{bell()}, connectortest.NewPeer(h.right).Connector())
	s.at(view.Route{Page: view.PageConnectors}, "Connectors as files")
	seen := map[string]bool{}
	for range 60 {
		test.FocusNext(s.w.Canvas())
		switch f := s.w.Canvas().Focused().(type) {
		case *kit.Button:
			seen[f.Label()] = true
			if f.Label() == "Read a capture file …" {
				f.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
			}
		case *kit.NavItem:
			seen[f.Label()] = true
		}
		if s.settle(); seen["Read a capture file …"] {
			break
		}
	}
	for _, want := range []string{"Access", "Add a connector file …", "Read a capture file …"} {
		if !seen[want] {
			t.Errorf("%q is not reached by Tab; reached were %v", want, seen)
		}
	}
	s.until("the page is open", func() bool { return s.shows("No capture was taken over yet.") })
}

// pcap is a capture of the bell that sends to one address outside, in the
// classic form with Ethernet frames.
func pcap(at time.Time) []byte {
	var b bytes.Buffer
	le := binary.LittleEndian
	b.Write(le.AppendUint32(nil, 0xa1b2c3d4))
	b.Write([]byte{2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	b.Write(le.AppendUint32(nil, 65535))
	b.Write(le.AppendUint32(nil, 1)) // Ethernet
	for i := range 20 {
		data := bytes.Repeat([]byte{0x16}, 400)
		ip := []byte{0x45, 0, 0, 0, 0, byte(i), 0, 0, 64, 17, 0, 0, 192, 168, 77, 30, 203, 0, 113, 7}
		binary.BigEndian.PutUint16(ip[2:], uint16(20+8+len(data)))
		udp := []byte{0x9c, 0x40, 0x01, 0xbb, 0, 0, 0, 0}
		binary.BigEndian.PutUint16(udp[4:], uint16(8+len(data)))
		frame := append([]byte{0x02, 0, 0, 0, 0, 1, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x08, 0x00}, append(append(ip, udp...), data...)...)
		t := at.Add(time.Duration(i) * time.Second)
		b.Write(le.AppendUint32(nil, uint32(t.Unix())))
		b.Write(le.AppendUint32(nil, 0))
		b.Write(le.AppendUint32(nil, uint32(len(frame))))
		b.Write(le.AppendUint32(nil, uint32(len(frame))))
		b.Write(frame)
	}
	return b.Bytes()
}

package discovery

import "testing"

// Who is familiar is known by the name on the network: restored, confirmed or
// seen on the wire; a name that somebody only announces is not.
func TestFamiliar(t *testing.T) {
	h := newHome(t)
	h.says("192.168.1.7", hostname("rumour.local"))
	h.wire(macA, "192.168.1.5")
	h.says("192.168.1.5", hostname("TV.local"))
	named := h.says("192.168.1.6", hostname("lamp.local"))[0]
	for name, want := range map[string]bool{"tv.local": true, "TV.local.": true, "rumour.local": false, "lamp.local": false, "nobody.local": false, "": false} {
		if got := h.Familiar(Identifier{Hostname, name}); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
	if err := h.Pin(named); err != nil {
		t.Fatal(err)
	}
	if !h.Familiar(Identifier{Hostname, "lamp.local"}) {
		t.Error("a device with a permission is a stranger")
	}
	again, err := NewInventory(InventoryConfig{Now: h.cfg.Now, NewID: h.cfg.NewID, Devices: h.Devices()})
	if err != nil {
		t.Fatal(err)
	}
	if !again.Familiar(Identifier{Hostname, "tv.local"}) || again.Familiar(Identifier{Hostname, "rumour.local"}) {
		t.Error("after a restart it is not as before")
	}
}

//go:build lab && linux

package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// The names of a tray's side and of a symbol's.
const (
	watcher  = "org.kde.StatusNotifierWatcher"
	item     = "org.kde.StatusNotifierItem"
	dbusMenu = "com.canonical.dbusmenu"
)

// panelConfig is a panel with nothing but a tray.
const panelConfig = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0"><property name="configver" type="int" value="2"/>
<property name="panels" type="array"><value type="int" value="1"/>
<property name="panel-1" type="empty"><property name="position" type="string" value="p=8;x=700;y=880"/><property name="length" type="uint" value="100"/>
<property name="size" type="uint" value="28"/><property name="plugin-ids" type="array"><value type="int" value="1"/></property></property></property>
<property name="plugins" type="empty"><property name="plugin-1" type="string" value="systray"/></property></channel>
`

// panel starts Xfce's panel, whose tray gathers symbols.
func (d *desktop) panel() {
	d.t.Helper()
	settings, _ := filepath.Glob("/usr/lib/*/xfce4/xfconf/xfconfd")
	if len(settings) == 0 {
		d.t.Skip("########## SKIPPED: xfconfd is missing; '.ci/packages lab' installs it with xfce4-panel ##########")
	}
	d.write(filepath.Join(d.home, "config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"), panelConfig, 0o600)
	d.run(settings[0])
	until(d.t, "the panel's settings answer", func() bool {
		return d.conn.Object("org.xfce.Xfconf", "/").Call("org.freedesktop.DBus.Peer.Ping", dbus.FlagNoAutoStart).Err == nil
	})
	d.run("xfce4-panel", "--disable-wm-check")
	until(d.t, "the tray is there", func() bool {
		return property[bool](d, watcher, "/StatusNotifierWatcher", watcher, "IsStatusNotifierHostRegistered")
	})
}

// symbol is ours in the tray: the name of its owner on the bus, "" for none.
func (d *desktop) symbol() string {
	for _, s := range property[[]string](d, watcher, "/StatusNotifierWatcher", watcher, "RegisteredStatusNotifierItems") {
		name, path, _ := strings.Cut(s, "/")
		if property[string](d, name, "/"+path, item, "Title") == "Best Before" || property[string](d, name, "/StatusNotifierItem", item, "Status") == "Active" {
			return name
		}
	}
	return ""
}

// layout is a menu as the tray gets it.
type layout struct {
	ID    int32
	Props map[string]dbus.Variant
	Items []dbus.Variant
}

// menu is our symbol's: what its entries say, and how the tray knows them.
func (d *desktop) menu() (labels []string, ids map[string]int32) {
	ids = map[string]int32{}
	var revision uint32
	var root layout
	path := property[dbus.ObjectPath](d, d.symbol(), "/StatusNotifierItem", item, "Menu")
	if !path.IsValid() || d.conn.Object(d.symbol(), path).Call(dbusMenu+".GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root) != nil {
		return nil, ids
	}
	for _, v := range root.Items {
		var e layout
		if dbus.Store([]any{v.Value()}, &e) != nil || e.Props["label"].Value() == nil {
			continue // a line between entries
		}
		label, _ := e.Props["label"].Value().(string)
		labels, ids[label] = append(labels, label), e.ID
	}
	return labels, ids
}

// choose clicks an entry of the menu, as the tray does.
func (d *desktop) choose(label string) {
	d.t.Helper()
	_, ids := d.menu()
	id, ok := ids[label]
	if !ok {
		d.t.Fatalf("the menu has no %q: %v", label, ids)
	}
	path := property[dbus.ObjectPath](d, d.symbol(), "/StatusNotifierItem", item, "Menu")
	if err := d.conn.Object(d.symbol(), path).Call(dbusMenu+".Event", 0, id, "clicked", dbus.MakeVariant(""), uint32(0)).Err; err != nil {
		d.t.Fatal(err)
	}
}

// asked waits until a question lies over the window, which grows dark under it.
func (d *desktop) asked(bright int) {
	d.t.Helper()
	until(d.t, "the question is on the screen", func() bool { return d.s.window() && d.s.glow() < bright })
}

// ends waits until the program has ended.
func ends(t *testing.T, c *exec.Cmd) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it did not end within a minute")
	}
}

// TestLabTray closes the real window and takes it back by the menu of its symbol
// in the tray of a real panel, reads the next date there, and quits from there.
func TestLabTray(t *testing.T) {
	d := newDesktop(t, "xfce4-panel")
	d.panel()
	b := &beside{t: t, s: d.s, home: d.home, data: filepath.Join(d.home, "data"), ours: build(t, "."), agent: build(t, "./agent")}
	furnish(t, b.data)
	program := b.window()
	until(t, "the window is on the screen", d.s.window)
	until(t, "its symbol is in the tray", func() bool { return d.symbol() != "" })
	if labels, _ := d.menu(); !slices.Equal(labels, []string{"No date is set", "Open", "Quit"}) {
		t.Errorf("the menu: %q", labels)
	}
	if !property[bool](d, d.symbol(), "/StatusNotifierItem", item, "ItemIsMenu") {
		t.Error("a click on the symbol would not open its menu")
	}
	d.close()
	until(t, "the window is hidden", d.s.bare)
	if b.ask("devices", "--json") == nil {
		t.Error("the engine does not work on behind the symbol")
	}
	d.choose("Open")
	until(t, "the window is back", d.s.window)
	b.allow(0)
	until(t, "the next date is in the menu", func() bool {
		labels, _ := d.menu()
		return len(labels) > 0 && strings.HasSuffix(labels[0], ": Device 0 → anybody outside your home")
	})
	d.startsWithTheComputer()
	bright := d.s.glow()
	d.choose("Quit")
	d.asked(bright)
	if b.ask("devices", "--json") == nil {
		t.Error("it ended without an answer")
	}
	d.close() // whoever closes while it is asked wants to go
	ends(t, program)
	if d.symbol() != "" {
		t.Error("its symbol is still in the tray")
	}
}

// startsWithTheComputer answers the question after the first date with a click
// on its first button, by the keyboard, and looks for the entry.
func (d *desktop) startsWithTheComputer() {
	d.t.Helper()
	entry := filepath.Join(d.home, "config/autostart/example.bestbefore.app.desktop")
	until(d.t, "its entry is written", func() bool {
		d.tool("xdotool", "key", "Tab")
		d.tool("xdotool", "key", "Tab", "space")
		text, err := os.ReadFile(entry)
		return err == nil && strings.Contains(string(text), `"--hidden"`)
	})
}

// TestLabNoTray closes the window of a desktop that has no tray: it is asked, and
// the window stays. The twin is TestLabTray, where it goes.
func TestLabNoTray(t *testing.T) {
	d := newDesktop(t)
	program := d.s.program(t, d.home, build(t, "."), "--data", filepath.Join(d.home, "data"))
	bright := 0 // of the page once it stands: a window is on the screen before it is painted
	until(t, "the page stands on the screen", func() bool {
		before := bright
		if !d.s.window() {
			return false
		}
		bright = d.s.glow()
		return bright > 0 && bright == before
	})
	d.close()
	d.asked(bright)
	d.close()
	ends(t, program)
}

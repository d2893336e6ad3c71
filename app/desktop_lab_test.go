//go:build lab && linux

package main_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

// desktop is a screen with a window manager and a session's bus, on which a
// panel with a tray and a notification server can be started.
type desktop struct {
	t    testing.TB
	s    *screen
	home string
	conn *dbus.Conn
}

// busConfig is a session bus that starts no services by itself.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=%s</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`

// newDesktop starts one, or skips loudly.
func newDesktop(t testing.TB, tools ...string) *desktop {
	t.Helper()
	for _, tool := range append([]string{"dbus-daemon", "openbox", "xdotool"}, tools...) {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("########## SKIPPED: " + tool + " is missing; '.ci/packages lab' installs it ##########")
		}
	}
	d := &desktop{t: t, s: newScreen(t), home: t.TempDir()}
	socket, conf := filepath.Join(d.home, "bus"), filepath.Join(d.home, "bus.conf")
	d.write(conf, fmt.Sprintf(busConfig, socket), 0o600)
	d.s.bus = "unix:path=" + socket
	d.run("dbus-daemon", "--config-file="+conf, "--nofork", "--nopidfile")
	until(t, "the bus answers", func() (ok bool) {
		conn, err := dbus.Connect(d.s.bus)
		d.conn = conn
		return err == nil
	})
	t.Cleanup(func() { _ = d.conn.Close() })
	d.run("openbox")
	return d
}

// run starts a program of the desktop that lives until the test ends.
func (d *desktop) run(name string, args ...string) {
	d.t.Helper()
	_ = d.s.program(d.t, d.home, name, args...)
}

func (d *desktop) write(path, text string, mode os.FileMode) {
	d.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), mode)); err != nil {
		d.t.Fatal(err)
	}
}

// tool runs a program of the desktop to its end and gives what it said.
func (d *desktop) tool(name string, args ...string) string {
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "DISPLAY="+d.s.name, "DBUS_SESSION_BUS_ADDRESS="+d.s.bus, "HOME="+d.home)
	out, _ := c.Output() // a tool that finds nothing fails; its empty answer says so
	return strings.TrimSpace(string(out))
}

// property of an object on the bus; the zero value where there is none.
func property[T any](d *desktop, name, path, iface, prop string) (v T) {
	_ = d.conn.Object(name, dbus.ObjectPath(path)).Call("org.freedesktop.DBus.Properties.Get", dbus.FlagNoAutoStart, iface, prop).Store(&v)
	return v
}

// close asks the program to close its window, with the keys that the window
// manager has for it.
func (d *desktop) close() {
	d.t.Helper()
	until(d.t, "the window has the keyboard", func() bool { return d.tool("xdotool", "getactivewindow", "getwindowname") == "Best Before" })
	d.tool("xdotool", "key", "alt+F4")
}

// glow is how bright the commonest colour of the screen is: a page's ground,
// whatever is written on it.
func (s *screen) glow() int {
	const step = 4 * 97
	var all []int
	for i := 0; i+3 < len(s.picture); i += step {
		all = append(all, int(s.picture[i])+int(s.picture[i+1])+int(s.picture[i+2]))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

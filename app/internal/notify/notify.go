// Package notify shows desktop notifications through the freedesktop service on
// the session's D-Bus, and tells what the person answered.
//
// Texts come in finished and are cleaned once more here; none ever reaches a
// script or a shell. Where there is no such service (no desktop, Windows, macOS)
// nothing is shown and nothing fails: ErrNone says so, and what was to be said
// stays visible in the window. Windows and macOS would need a signed program
// for notifications with answers; there Plain shows one text that never changes.
package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"bestbefore/assets/words"
	"bestbefore/discovery"
)

// ErrNone says that nobody here shows notifications.
var ErrNone = words.New("there is no notification service")

// Action is one answer that is offered.
type Action struct {
	ID    string
	Label string
}

// Note is one notification.
type Note struct {
	Title   string
	Body    string // lines are parted by \n
	Actions []Action
	// Chosen is told the ID of the answer, "" for a click on the notification
	// itself; it must return soon. May be nil. It is called once at most.
	Chosen func(action string)
}

// The service's names, and what it calls a click on the notification itself.
const (
	service    = "org.freedesktop.Notifications"
	path       = dbus.ObjectPath("/org/freedesktop/Notifications")
	defaultKey = "default"
	appName    = "Best Before"
	mostOpen   = 16 // how many notifications may wait for an answer
	mostLines  = 8
	patience   = 5 * time.Second // with a service that hangs
)

// Config is what a desktop needs.
type Config struct {
	Address string // of the bus; "" is the session's
}

// Desktop is the connection to the notification service. It is safe for
// concurrent use. Answers are handed on only while Serve runs.
type Desktop struct {
	config  Config
	signals chan *dbus.Signal

	mu    sync.Mutex // guards all below
	bus   *dbus.Conn
	open  map[uint32]Note
	order []uint32 // of open, oldest first
}

// New returns a desktop that is not connected yet.
func New(c Config) (*Desktop, error) {
	return &Desktop{config: c, open: map[uint32]Note{}, signals: make(chan *dbus.Signal, 4*mostOpen)}, nil
}

// Serve hands on answers until ctx ends, and then leaves the bus. That there is
// no bus is no error: it is looked for again with each Show.
func (d *Desktop) Serve(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return d.leave()
		case s := <-d.signals:
			d.answer(s)
		}
	}
}

func (d *Desktop) leave() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bus == nil {
		return nil
	}
	err := d.bus.Close()
	d.bus = nil
	return err
}

// DeliverSignal implements the bus library's handler; it must not wait.
func (d *Desktop) DeliverSignal(_, _ string, s *dbus.Signal) {
	select {
	case d.signals <- s:
	default: // a service that floods us
	}
}

// answer hands one on. Only what we showed and offered counts.
func (d *Desktop) answer(s *dbus.Signal) {
	if s.Path != path || len(s.Body) != 2 {
		return
	}
	id, ok := s.Body[0].(uint32)
	if !ok {
		return
	}
	switch s.Name {
	case service + ".NotificationClosed":
		// Some services say that it closed before they say how it was answered,
		// so that a closed one is only left to be forgotten.
	case service + ".ActionInvoked":
		key, _ := s.Body[1].(string)
		n, shown := d.shown(id)
		action, offered := n.chosen(key)
		if shown && offered {
			d.forget(id)
			n.Chosen(action)
		}
	}
}

// connect gives the bus, opening it where there is none or it was lost.
func (d *Desktop) connect() (*dbus.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bus != nil && d.bus.Connected() {
		return d.bus, nil
	}
	bus, err := dial(d.config.Address, dbus.WithSignalHandler(d))
	if err == nil {
		err = bus.AddMatchSignal(dbus.WithMatchSender(service), dbus.WithMatchObjectPath(path), dbus.WithMatchInterface(service))
		if err != nil {
			err = errors.Join(err, bus.Close())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNone, err)
	}
	d.bus, d.open, d.order = bus, map[uint32]Note{}, nil
	return bus, nil
}

// dial opens a connection of our own; it never starts a bus.
func dial(address string, o ...dbus.ConnOption) (*dbus.Conn, error) {
	if address != "" {
		return dbus.Connect(address, o...)
	}
	bus, err := dbus.SessionBusPrivateNoAutoStartup(o...)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(bus.Auth(nil), bus.Hello()); err != nil {
		return nil, errors.Join(err, bus.Close())
	}
	return bus, nil
}

// Show shows n. ErrNone where nobody can.
func (d *Desktop) Show(ctx context.Context, n Note) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	bus, err := d.connect()
	if err != nil {
		return err
	}
	can, err := capabilities(ctx, bus)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNone, err)
	}
	var id uint32
	call := bus.Object(service, path).CallWithContext(ctx, service+".Notify", 0, appName, uint32(0), "",
		title(n.Title), body(n.Body, slices.Contains(can, "body-markup")), actions(n, slices.Contains(can, "actions")),
		map[string]dbus.Variant{"urgency": dbus.MakeVariant(byte(1))}, int32(-1))
	if err := call.Store(&id); err != nil {
		return fmt.Errorf("showing a notification: %w", err)
	}
	if n.Chosen != nil {
		d.remember(id, n)
	}
	return nil
}

// trayHost is who gathers the symbols of a desktop's tray.
const trayHost = "org.kde.StatusNotifierWatcher"

// Tray reports whether this desktop has a tray in which a symbol can be seen.
// Only freedesktop ones are asked.
func Tray(ctx context.Context, c Config) bool {
	bus, err := dial(c.Address)
	if err != nil {
		return false
	}
	defer bus.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v := false
	prop := bus.Object(trayHost, "/StatusNotifierWatcher").CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", dbus.FlagNoAutoStart,
		trayHost, "IsStatusNotifierHostRegistered")
	return prop.Store(&v) == nil && v
}

// capabilities asks what the service can do; it also finds out whether there is one.
func capabilities(ctx context.Context, bus *dbus.Conn) (out []string, err error) {
	err = bus.Object(service, path).CallWithContext(ctx, service+".GetCapabilities", 0).Store(&out)
	return out, err
}

func (d *Desktop) remember(id uint32, n Note) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open[id] = n
	d.order = append(d.order, id)
	if len(d.order) > mostOpen {
		delete(d.open, d.order[0])
		d.order = d.order[1:]
	}
}

func (d *Desktop) shown(id uint32) (Note, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, ok := d.open[id]
	return n, ok
}

// forget makes sure that a notification is answered once.
func (d *Desktop) forget(id uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, id)
	d.order = slices.DeleteFunc(d.order, func(x uint32) bool { return x == id })
}

// title and body are plain text: cleaned of what changes direction or hides,
// and escaped where the service reads markup.
func title(s string) string { return string(discovery.CleanLong(s)) }

func body(s string, markup bool) string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		if len(out) < mostLines {
			out = append(out, string(discovery.CleanLong(line)))
		}
	}
	text := strings.Join(out, "\n")
	if markup {
		text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	}
	return text
}

// actions are pairs of a key and a label; the key "default" is the click itself.
func actions(n Note, can bool) []string {
	out := []string{}
	if !can || n.Chosen == nil {
		return out
	}
	out = append(out, defaultKey, "")
	for _, a := range n.Actions {
		out = append(out, a.ID, title(a.Label))
	}
	return out
}

// chosen is the answer that a key of the service stands for; false for one that
// was not offered.
func (n Note) chosen(key string) (string, bool) {
	if key == defaultKey {
		return "", true
	}
	return key, slices.ContainsFunc(n.Actions, func(a Action) bool { return a.ID == key })
}

package gateway

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// Probe checks that the kernel still lets us in.
func (s *Session) Probe(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return connectors.Transient(words.Text("the check took too long"), err)
	}
	if err := checkNames(s.lan); err != nil {
		return err
	}
	if _, err := s.home(); err != nil {
		return err
	}
	if _, err := s.kernel.tableExists(); err != nil {
		return refusal(words.Text("reading the kernel's tables"), err)
	}
	return nil
}

// PeerTime is the kernel's wall clock, which its timed rules go by.
func (s *Session) PeerTime(context.Context) (time.Time, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_REALTIME, &ts); err != nil {
		return time.Time{}, connectors.Transient(words.Text("reading the kernel's clock"), err)
	}
	return time.Unix(ts.Unix()).UTC(), nil
}

// Traits says what this box can hold.
func (s *Session) Traits() connectors.Traits {
	t := connectors.Traits{
		Grain: connectors.GrainRecipient, HoldsStart: true, HoldsEnd: true,
		IPv4: forwards("ipv4"), IPv6: forwards("ipv6"), CutsOpenFlows: true,
		SurvivesRestart: s.boot.installed(), OwnClock: true,
	}
	var notes []string
	if n := forwardingNote(t.IPv4, t.IPv6); n != "" {
		notes = append(notes, n)
	}
	if fastPath() {
		notes = append(notes, words.Text("a fast path (flow offload) is on, which may let an open flow run past a start that the router keeps by itself"))
	}
	t.Note = strings.Join(notes, "; ")
	return t
}

func forwardingNote(v4, v6 bool) string {
	switch {
	case !v4 && !v6:
		return words.Text("this box does not forward packets, so nothing of the home passes it")
	case !v4:
		return words.Text("this box does not forward IPv4")
	case !v6:
		return words.Text("this box does not forward IPv6")
	}
	return ""
}

// forwards reports whether the kernel passes packets of a family on.
func forwards(family string) bool {
	file := "/proc/sys/net/ipv4/ip_forward"
	if family == "ipv6" {
		file = "/proc/sys/net/ipv6/conf/all/forwarding"
	}
	b, err := os.ReadFile(file)
	return err == nil && strings.TrimSpace(string(b)) != "0"
}

// refusal turns err into what a person can act on.
func refusal(doing string, err error) error {
	var e *connectors.Error
	if errors.As(err, &e) {
		return err
	}
	denied := strings.Contains(err.Error(), "operation not permitted") // the nftables library does not wrap it
	if denied || errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return connectors.NeedsPerson(words.Text("needs administrator rights on the box that routes the home; start the agent there with sudo"), err)
	}
	if errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.EAFNOSUPPORT) {
		return &connectors.Error{Kind: consent.KindUnsupported, Text: words.Text("this box's kernel has no nftables or no connection tracking"), Err: err}
	}
	return connectors.Transient(words.Sprintf("%s did not work", doing), err)
}

func names(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

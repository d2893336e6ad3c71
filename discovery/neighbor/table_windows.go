package neighbor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/windows"
)

// readSystem asks Windows's own programs, which every user may.
func readSystem(ctx context.Context) (Table, error) {
	var t Table
	dir, err := windows.GetSystemDirectory()
	if err != nil {
		return t, fmt.Errorf("finding the system's programs: %w", err)
	}
	var errs []error
	t.Cards, err = cards()
	errs = append(errs, err)
	card := func(a netip.Addr) string {
		for _, c := range t.Cards {
			for _, p := range c.Prefixes {
				if p.Addr() == a.WithZone("") {
					return c.Name
				}
			}
		}
		return ""
	}
	number := func(n int) string {
		i, err := net.InterfaceByIndex(n)
		if err != nil {
			return ""
		}
		return i.Name
	}
	rows := func(parse func(io.Reader) ([]Row, error)) func(io.Reader) error {
		return func(r io.Reader) error {
			found, err := parse(r)
			t.Rows = append(t.Rows, found...)
			return err
		}
	}
	errs = append(errs,
		run(ctx, rows(func(r io.Reader) ([]Row, error) { return parseARPWindows(r, card) }), filepath.Join(dir, "arp.exe"), "-a"),
		run(ctx, rows(parseNDPWindows), filepath.Join(dir, "netsh.exe"), "interface", "ipv6", "show", "neighbors"),
		run(ctx, func(r io.Reader) (err error) {
			t.Gateways, err = parseRoutesWindows(r, card, number)
			return err
		}, filepath.Join(dir, "route.exe"), "print"))
	t.Hostname, err = os.Hostname()
	if err != nil {
		errs = append(errs, fmt.Errorf("reading this computer's name: %w", err))
	}
	return t, errors.Join(errs...)
}

// hide keeps a console window from flashing up.
func hide(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{HideWindow: true} }

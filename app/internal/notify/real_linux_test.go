package notify

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestARealServer shows a notification through dunst, on a display and a bus of
// the test's own, and answers it as a person would, by its own control program:
// a click, and each of its buttons.
func TestARealServer(t *testing.T) {
	for _, tool := range []string{"Xvfb", "dunst", "dunstctl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("##### SKIPPED: no %s here; install xvfb and dunst to test a real notification server #####", tool)
		}
	}
	address, home := bus(t), t.TempDir()
	picked := filepath.Join(home, "pick")
	menu := "#!/bin/sh\ngrep -F \"$(cat " + filepath.Join(home, "want") + ")\" | head -1\n" // stands for the person at dunst's menu
	if err := errors.Join(os.WriteFile(picked, []byte(menu), 0o700), os.WriteFile(filepath.Join(home, "dunstrc"), []byte("[global]\ndmenu = "+picked+"\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS="+address, "DISPLAY="+display(t), "HOME="+home, "XDG_RUNTIME_DIR="+home, "WAYLAND_DISPLAY=")
	d := desktop(t, address)
	served(t, env, d, "dunst", "-conf", filepath.Join(home, "dunstrc"))
	for _, button := range []Action{{"", ""}, {"renew", "Renew"}, {"lapse", "Let it lapse"}, {"open", "Open"}} {
		got := make(chan string, 1)
		n := Note{
			Title: "Front door bell → Bell Maker", Body: "It ends in 8 days.", Chosen: func(a string) { got <- a },
			Actions: []Action{{"renew", "Renew"}, {"lapse", "Let it lapse"}, {"open", "Open"}},
		}
		poll(t, "dunst shows it", func() bool { return d.Show(t.Context(), n) == nil })
		poll(t, "one is displayed", func() bool { return strings.TrimSpace(output(env, "dunstctl", "count", "displayed")) == "1" })
		if err := os.WriteFile(filepath.Join(home, "want"), []byte(button.Label), 0o600); err != nil {
			t.Fatal(err)
		}
		if button.ID == "" {
			output(env, "dunstctl", "action", "0")
		} else {
			output(env, "dunstctl", "context")
		}
		select {
		case a := <-got:
			if a != button.ID {
				t.Errorf("%q came as %q", button.Label, a)
			}
		case <-time.After(60 * time.Second):
			t.Fatalf("no answer to %q came", button.Label)
		}
		output(env, "dunstctl", "close-all")
		poll(t, "it is gone", func() bool { return strings.TrimSpace(output(env, "dunstctl", "count", "displayed")) == "0" })
	}
}

// TestOtherRealServers shows a notification with three buttons through the
// servers of GNOME's fallback session and of Xfce, where they are installed.
func TestOtherRealServers(t *testing.T) {
	for _, path := range []string{"/usr/lib/notification-daemon/notification-daemon", "/usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd"} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			for _, tool := range []string{"Xvfb", path} {
				if _, err := exec.LookPath(tool); err != nil {
					t.Skipf("##### SKIPPED: no %s here; install xvfb, notification-daemon and xfce4-notifyd to test with them #####", tool)
				}
			}
			address, home := bus(t), t.TempDir()
			env := append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS="+address, "DISPLAY="+display(t), "HOME="+home, "XDG_RUNTIME_DIR="+home, "WAYLAND_DISPLAY=")
			d := desktop(t, address)
			served(t, env, d, path)
			n := Note{
				Title: "Front door bell → Bell <b>Maker</b> & Co", Body: "It ends in 8 days.", Chosen: func(string) {},
				Actions: []Action{{"renew", "Renew"}, {"lapse", "Let it lapse"}, {"open", "Open"}},
			}
			poll(t, "it is shown", func() bool { return d.Show(t.Context(), n) == nil })
		})
	}
}

// served starts a notification server until it answers: on a busy machine it may
// give up because its display is slow.
func served(t *testing.T, env []string, d *Desktop, name string, args ...string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		over := start(t, env, name, args...)
		for alive := true; alive && time.Now().Before(end); {
			bus, err := d.connect()
			if err == nil {
				if _, err = capabilities(t.Context(), bus); err == nil {
					return
				}
			}
			select {
			case <-over:
				alive = false
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	t.Fatal(name + " did not come up in half a minute")
}

// display starts a virtual one and gives its name.
func display(t *testing.T) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "800x600x24", "-nolisten", "tcp")
	cmd.ExtraFiles = []*os.File{w}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	_ = w.Close()
	defer r.Close()
	_ = r.SetReadDeadline(time.Now().Add(20 * time.Second))
	name, err := bufio.NewReader(r).ReadString('\n') // it comes in pieces
	if err != nil {
		t.Fatal(err)
	}
	return ":" + strings.TrimSpace(name)
}

// start runs a program until the test ends; over is closed when it ends by itself.
func start(t *testing.T, env []string, name string, args ...string) (over <-chan struct{}) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	return ended
}

func output(env []string, name string, args ...string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env, cmd.WaitDelay = env, time.Second
	out, _ := cmd.Output()
	return string(out)
}

func poll(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not within a minute: " + what)
		}
	}
}

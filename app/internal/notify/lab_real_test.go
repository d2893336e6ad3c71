//go:build lab && linux

package notify

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestARealServer is run by hand, since dunst does not always find its display at
// once (go test -tags lab ./app/internal/notify): it shows a notification through dunst on a virtual display and
// answers it as a person would, by its own control program.
func TestARealServer(t *testing.T) {
	for _, tool := range []string{"Xvfb", "dunst", "dunstctl", "xdotool"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("##### SKIPPED: no %s here; install xvfb, dunst and xdotool to test a real notification server #####", tool)
		}
	}
	address := bus(t)
	env := append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS="+address, "DISPLAY="+display(t), "HOME="+t.TempDir())
	start(t, env, "dunst")
	d := desktop(t, address)
	got := make(chan string, 1)
	n := Note{Title: "Front door bell → Bell Maker", Body: "It ends in 8 days.", Actions: []Action{{"lapse", "Let it lapse"}}, Chosen: func(a string) { got <- a }}
	poll(t, "dunst shows it", func() bool { return d.Show(t.Context(), n) == nil })
	poll(t, "a window is there", func() bool { return strings.TrimSpace(output(env, "xdotool", "search", "--class", "dunst")) != "" })
	if shown := output(env, "dunstctl", "count", "displayed"); strings.TrimSpace(shown) != "1" {
		t.Errorf("dunst displays %q", shown)
	}
	output(env, "dunstctl", "action", "0")
	select {
	case a := <-got:
		if a != "" {
			t.Errorf("the click came as %q", a)
		}
	case <-time.After(60 * time.Second):
		t.Fatal("no answer came")
	}
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
	buf := make([]byte, 16)
	n, err := r.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return ":" + strings.TrimSpace(string(buf[:n]))
}

func start(t *testing.T, env []string, name string) {
	t.Helper()
	cmd := exec.Command(name)
	cmd.Env = env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
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

package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bestbefore/connectors/connectortest"
)

// TestAnAccountIsLinkedFromTheCommandLine: the page is printed, the command waits
// for the yes, and Ctrl-C gives it up. The server is a real one.
func TestAnAccountIsLinkedFromTheCommandLine(t *testing.T) {
	issuer := connectortest.StartIssuer(t, "fosite")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	key := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", key)
	if err := os.WriteFile(filepath.Join(key, "bestbefore-key"), make([]byte, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	connect := []string{
		"--data", dir, "connect", "oauth", "--set", "issuer=" + issuer.Address, "--set", "certificate=" + issuer.Certificate, "--set", "client_id=house:hold", "--set", "scopes=offline photos",
	}
	// page runs the command until it has printed where to say yes.
	page := func(ctx context.Context) (page string, rest *bufio.Reader, code chan int) {
		out, in := io.Pipe()
		code = make(chan int, 1)
		go func() {
			code <- run(ctx, connect, strings.NewReader("client_secret=s+cr%e t&=7\n"), in, in)
			_ = in.Close()
		}()
		rest = bufio.NewReader(out)
		for !strings.HasPrefix(page, "https://") {
			line, err := rest.ReadString('\n')
			if err != nil {
				t.Fatalf("it says %q, %v", line, err)
			}
			page = strings.TrimSpace(line)
		}
		return page, rest, code
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, rest, code := page(ctx)
	cancel()
	if text, _ := io.ReadAll(rest); <-code != exitFailed {
		t.Errorf("given up, it says %q", text)
	}
	if _, out, _ := try(t, dir, "connectors"); strings.Contains(out, "(oauth)") {
		t.Errorf("given up, it is connected: %s", out)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", key)
	at, rest, code := page(t.Context())
	resp, err := (&http.Client{Transport: issuer.Trusting}).Get(at)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	text, _ := io.ReadAll(rest)
	if c := <-code; c != exitDone || !strings.Contains(string(text), "Online account (OAuth)") || !strings.Contains(string(text), "revoke") {
		t.Errorf("exit %d, %q", c, text)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", key)
	if code, out, errs := withKey(t, dir, "access"); code != exitDone || !strings.Contains(out, "client house:hold") || !strings.Contains(out, "offline, photos") {
		t.Errorf("exit %d, %q, %q", code, out, errs)
	}
	for _, want := range []string{"s+cr%e", "ory_rt_"} {
		if strings.Contains(string(text), want) {
			t.Error("a secret is printed")
		}
	}
	removedKnowingly(t, dir, key)
}

// removedKnowingly: without a choice nothing is removed, and what each means is
// printed; with --end it is ended at the real server first.
func removedKnowingly(t *testing.T, dir, key string) {
	t.Helper()
	for _, x := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{"--end", "--forget"}, exitUsage, []string{"only one of"}},
		{nil, exitFailed, []string{"--end: ", "tried afterwards", "--forget: The access of the client \"house:hold\" stays valid", "nothing was removed yet"}},
		{[]string{"--end"}, exitDone, []string{"a renewal was tried, and refused", "was removed"}},
		{[]string{"--forget"}, exitFailed, []string{"there is no connection"}},
	} {
		t.Setenv("CREDENTIALS_DIRECTORY", key)
		code, out, errs := withKey(t, dir, append([]string{"remove", "Online account (OAuth)"}, x.args...)...)
		for _, s := range x.says {
			if code != x.code || !strings.Contains(out+errs, s) {
				t.Errorf("remove %v: exit %d, %q, %q; want %d and %q", x.args, code, out, errs, x.code, s)
			}
		}
	}
}

// withKey is try with the key at hand.
func withKey(t *testing.T, dir string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e strings.Builder
	code = run(t.Context(), append([]string{"--data", dir}, args...), strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

package arch

import (
	"fmt"
	"go/ast"
	"slices"
	"testing"
)

// ownWays are what opens a way out, or waits for somebody, beside the guarded one:
// by package, what is called or built. A type that is only named, such as a client
// that was given, is none.
var ownWays = map[string][]string{
	"net": {
		"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer", "Listen", "ListenTCP", "ListenUDP", "ListenPacket", "ListenMulticastUDP", "ListenConfig",
		"DefaultResolver", "Resolver", "LookupHost", "LookupIP", "LookupAddr", "LookupCNAME", "LookupTXT", "LookupSRV",
	},
	"net/http":   {"Client", "Transport", "Get", "Post", "PostForm", "Head", "DefaultClient", "DefaultTransport", "ListenAndServe", "ListenAndServeTLS"},
	"crypto/tls": {"Dial", "DialWithDialer", "Dialer", "Listen"},
	"os/exec":    {"Command", "CommandContext"},
}

// TestNoConnectorOpensAWayOfItsOwn: what a connector asks its peer goes through the
// guard, which connectors.Host hands it. The gateway's peer is its own kernel, by
// netlink; what stands in for peers in tests is no connector.
func TestNoConnectorOpensAWayOfItsOwn(t *testing.T) {
	looked := 0
	for _, f := range goFiles(t) {
		if !f.test() && matches(f.dir(), "connectors/...") && !matches(f.dir(), "connectors/connectortest") {
			looked++
			report(t, waysOut(f))
		}
	}
	if looked < 100 {
		t.Errorf("only %d files were looked at", looked)
	}
}

// waysOut finds each call, value and literal of ownWays.
func waysOut(f file) (faults []string) {
	own := func(n ast.Node) bool {
		for pkg, names := range ownWays {
			if name := f.mentions(n, pkg); name != "" && slices.Contains(names, name) {
				return true
			}
		}
		return false
	}
	types := map[ast.Node]bool{} // of fields, variables and parameters: those are only named
	ast.Inspect(f.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			types[n.Type] = true
		case *ast.ValueSpec:
			types[n.Type] = n.Type != nil && len(n.Values) > 0
		case *ast.StarExpr:
			types[n.X] = true
		}
		if n != nil && !types[n] && own(n) {
			faults = append(faults, fmt.Sprintf("%s:%d: a connector goes out through connectors.Host, where the guard stands", f.path, f.line(n)))
		}
		return true
	})
	return faults
}

// TestWaysOutBite makes sure that waysOut finds each of them, and nothing else.
func TestWaysOutBite(t *testing.T) {
	text := `package peer
import ("net"; "net/http"; "os/exec")
type session struct { http *http.Client; listen func() (net.Listener, error) }
func use(c *http.Client, at net.Addr) (net.Conn, error) { return nil, c.Get }
func a() { net.Dial("tcp", "x") }
func b() any { return &http.Client{} }
func c() { var d net.Dialer; d.Dial("tcp", "x") }
func d() { http.Get("x") }
func e() { http.DefaultClient.Get("x") }
func f() { exec.Command("curl") }`
	if got := waysOut(parse(t, "connectors/peer/peer.go", text)); len(got) != 6 {
		t.Errorf("found %d ways out, want 6: %q", len(got), got)
	}
}

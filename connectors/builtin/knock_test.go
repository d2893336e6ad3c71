package builtin

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"bestbefore/connectors"
)

// What boxes show to everybody. Pi-hole, OpenWrt, UniFi and OPNsense: from their
// own sources and what programs that look for them write down; AdGuard Home: the
// head of its log-in page as its repository has it; MikroTik: both forms of title.
var shown = map[string]struct {
	kinds []string
	path  string
	a     connectors.KnockAnswer
}{
	"Pi-hole 6":       {[]string{"pihole"}, "/api/info/login", page(200, `{"https_port":443,"dns":true,"took":2.4e-05}`)},
	"AdGuard Home":    {[]string{"adguardhome"}, "/login.html", page(200, `<link rel="mask-icon" href="assets/safari-pinned-tab.svg" color="#67B279"><title>Login</title>`)},
	"OpenWrt":         {[]string{"openwrt"}, "/cgi-bin/luci/", page(403, `<title>OpenWrt - LuCI</title>`, "X-Luci-Login-Required", "yes")},
	"UniFi OS":        {[]string{"unifi"}, "/", page(200, `<!doctype html><html><head><title>UniFi OS</title></head></html>`)},
	"UniFi program":   {[]string{"unifi-classic"}, "/status", page(200, `{"meta":{"rc":"ok","up":true,"server_version":"7.5.187","uuid":"x"},"data":[]}`)},
	"OPNsense":        {[]string{"opnsense"}, "/", page(200, `<title>Login | OPNsense</title>`)},
	"RouterOS 7":      {[]string{"mikrotik"}, "/", page(200, `<!doctype html><title>RouterOS</title>`)},
	"RouterOS 6":      {[]string{"mikrotik"}, "/", page(200, `<title>RouterOS router configuration page</title>`)},
	"pfSense":         {nil, "/", page(200, `<title>pfSense - Login</title>`)},
	"a login page":    {nil, "/login.html", page(200, `<title>Login</title>`)},
	"who refuses all": {nil, "", page(401, "Unauthorized", "WWW-Authenticate", "Basic")},
	"who says yes":    {nil, "", page(200, "<html>ok</html>")},
}

func page(status int, body string, header ...string) connectors.KnockAnswer {
	a := connectors.KnockAnswer{Status: status, Header: http.Header{}, Body: []byte(body)}
	for i := 0; i+1 < len(header); i += 2 {
		a.Header.Set(header[i], header[i+1])
	}
	return a
}

// Each box is known as what it is and as nothing else.
func TestKnocksTellTheBoxesApart(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range shown {
		var got []string
		for _, s := range all.Specs() {
			if slices.ContainsFunc(s.Knocks, func(k connectors.Knock) bool { return (c.path == "" || k.Path == c.path) && k.Fits(c.a) }) {
				got = append(got, s.Kind)
			}
		}
		if !slices.Equal(got, c.kinds) {
			t.Errorf("%s is taken for %q", name, got)
		}
	}
}

// A knock leads to a page of the box, answers the question where it is with an
// address that the form takes, and all kinds together ask one box for few pages.
func TestKnocksAreFewAndPlain(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]bool{}
	for _, s := range all.Specs() {
		for _, k := range s.Knocks {
			pages[k.Address("192.0.2.1")+k.Path] = true
			if !slices.ContainsFunc(s.Options, func(o connectors.Option) bool { return o.Key == k.Key && o.Address }) {
				t.Errorf("%s: %q is no address of its form", s.Kind, k.Key)
			}
			if host, err := connectors.HostOf(k.Address("192.0.2.1")); err != nil || host != "192.0.2.1" || !strings.HasPrefix(k.Path, "/") || strings.Contains(k.Path, "?") {
				t.Errorf("%s: %+v", s.Kind, k)
			}
		}
	}
	t.Logf("figure: %d pages for all kinds", len(pages))
	if len(pages) > 16 {
		t.Errorf("%d pages are asked for at one box", len(pages))
	}
}

package fritzbox

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const answer = `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><u:GetWANAccessByIPResponse xmlns:u="urn:dslforum-org:service:X_AVM-DE_HostFilter:1"><NewDisallow>1</NewDisallow><NewWANAccess>denied</NewWANAccess></u:GetWANAccessByIPResponse></s:Body></s:Envelope>`

const noEntry = `<s:Envelope xmlns:s="x"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError><errorCode>714</errorCode><errorDescription>NoSuchEntryInArray</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>`

func TestParseAnswer(t *testing.T) {
	out, err := parseAnswer([]byte(answer), "GetWANAccessByIP")
	if err != nil || out["NewDisallow"] != "1" || out["NewWANAccess"] != "denied" {
		t.Errorf("%v, %v", out, err)
	}
	if _, err := parseAnswer([]byte(noEntry), "GetWANAccessByIP"); codeOf(err) != 714 {
		t.Error(err)
	}
	for name, bad := range map[string]string{
		"another call's": answer, "cut off": answer[:len(answer)-9], "empty": "", "a page": "<html><body>Login</body></html>",
		"too deep": strings.Repeat("<a>", 40), "entities": `<!DOCTYPE x [<!ENTITY a "b">]>` + answer, "a bad code": strings.Replace(noEntry, "714", "x", 1),
	} {
		if out, err := parseAnswer([]byte(bad), "GetInfo"); err == nil {
			t.Errorf("%s: %v", name, out)
		}
	}
	if _, err := parseAnswer([]byte(`<s:Body><u:SetResponse xmlns:u="x"/></s:Body>`), "Set"); err != nil {
		t.Errorf("an answer without values: %v", err)
	}
}

func TestEnvelopeEscapes(t *testing.T) {
	got := string(envelope("urn:x", "Act", []argument{{"NewA", `1</NewA><b>&"`}}))
	if strings.Contains(got, "<b>") || !strings.Contains(got, "&lt;b&gt;&amp;") {
		t.Error(got)
	}
}

const listed = `<?xml version="1.0"?><List><!-- devicehosts --><Item><Index>1</Index><IPAddress>192.168.178.20</IPAddress><MACAddress>3C:A6:2F:00:00:01</MACAddress><Active>1</Active><HostName>tv</HostName><InterfaceType/><X_AVM-DE_Guest>1</X_AVM-DE_Guest><X_AVM-DE_FriendlyName>Our TV</X_AVM-DE_FriendlyName></Item><Item><IPAddress/><MACAddress>3C:A6:2F:00:00:02</MACAddress><Active>0</Active></Item><Item><IPAddress>192.168.178.9</IPAddress><MACAddress></MACAddress></Item></List>`

func TestParseHosts(t *testing.T) {
	hosts, err := parseHosts([]byte(listed))
	if err != nil || len(hosts) != 2 || hosts[0].name != "tv" || hosts[0].label != "Our TV" || !hosts[0].active || !hosts[0].guest || hosts[1].addr.IsValid() {
		t.Errorf("%+v, %v", hosts, err)
	}
	if hosts, err := parseHosts([]byte("<html/>")); err == nil {
		t.Errorf("a page is taken for a list: %+v", hosts)
	}
	if many, err := parseHosts([]byte("<List>" + strings.Repeat("<Item><MACAddress>3C:A6:2F:00:00:01</MACAddress></Item>", maxHosts+1) + "</List>")); err == nil {
		t.Errorf("%d entries are taken", len(many))
	}
}

// F10: no panic, within the bounds, and nothing but whole addresses comes out.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{answer, noEntry, listed, "", "<", "<a><b/></a>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		out, err := parseAnswer(raw, "GetWANAccessByIP")
		if len(out) > maxFields || err != nil && out != nil {
			t.Errorf("%d fields, %v", len(out), err)
		}
		again, _ := parseAnswer(raw, "GetWANAccessByIP")
		if len(again) != len(out) {
			t.Error("read twice, it differs")
		}
		_, _ = parseServices(raw)
	})
}

func FuzzHosts(f *testing.F) {
	for _, s := range []string{listed, answer, "<List/>", "<List><Item></Item></List>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		hosts, err := parseHosts(raw)
		if len(hosts) > maxHosts || err != nil && hosts != nil {
			t.Errorf("%d hosts, %v", len(hosts), err)
		}
		for _, h := range hosts {
			if hardware(h.mac) != h.mac || h.mac == "" || h.addr.IsValid() && notFour(h.addr) {
				t.Errorf("%+v", h)
			}
		}
	})
}

func FuzzBook(f *testing.F) {
	f.Add([]byte(`{"version":1,"born":"2026-01-01T00:00:00Z","blocks":{"m":{"macs":["3c:a6:2f:00:00:01"],"addresses":["192.168.178.20"],"target":{},"at":"2026-01-01T00:00:00Z"}},"set":{"192.168.178.20":{"mac":"3c:a6:2f:00:00:01","at":"2026-01-01T00:00:00Z"}}}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := parseBook(raw)
		if err != nil {
			return
		}
		out, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseBook(out)
		if err != nil || len(again.Blocks) != len(b.Blocks) || len(again.Set) != len(b.Set) {
			t.Errorf("%s: %v", out, err)
		}
		for _, k := range b.Blocks {
			if slices.ContainsFunc(k.Addresses, notFour) {
				t.Errorf("%+v", k)
			}
		}
	})
}

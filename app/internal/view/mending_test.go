package view

import (
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
)

func boxes() engine.ConnectorsInfo {
	c := engine.ConnectionInfo{}
	c.ID, c.Kind, c.Name = "k1", "box", "My box"
	c.Settings.Values = map[string]string{"host": "192.0.2.1"}
	return engine.ConnectorsInfo{Connections: []engine.ConnectionInfo{c}, Kinds: []connectors.Spec{{
		Kind: "box", Name: "Box", Options: []connectors.Option{
			{Key: "host", Label: "Address", Required: true}, {Key: "password", Label: "Password", Secret: true, Required: true}, connectors.CertificateOption(),
		},
	}}}
}

// The whole fingerprint is asked about, with a button, in the form and beside a
// connection; without a certificate the error stands there.
func TestACertificateIsAskedAboutWhole(t *testing.T) {
	digits := strings.Repeat("0a1b", 16)
	unknown := &connectors.CertificateError{Host: "192.0.2.1", Fingerprint: "sha256:" + digits, Why: "nobody knows it"}
	in := ConnectorsInput{Info: boxes(), Form: "box", Error: "It shows a certificate that nobody vouches for.", Unknown: unknown}
	in.Info.Connections[0].Certificate = &connectors.CertificateError{Host: "192.0.2.1", Fingerprint: unknown.Fingerprint, Was: "sha256:ff"}
	page := presenter(t).Connectors(in)
	for _, q := range []Certificate{page.Form.Certificate, page.Rows[0].Certificate} {
		if strings.ReplaceAll(q.Fingerprint, " ", "") != unknown.Fingerprint || q.Yes.ID != unknown.Fingerprint || q.Yes.Label == "" {
			t.Errorf("asked %+v", q)
		}
	}
	if page.Form.Error != "" || page.Form.Certificate.Line == page.Rows[0].Certificate.Line {
		t.Errorf("error %q; a first certificate is asked about like a changed one: %q", page.Form.Error, page.Form.Certificate.Line)
	}
	in.Unknown, in.Info.Connections[0].Certificate = nil, nil
	if page = presenter(t).Connectors(in); page.Form.Error == "" || page.Form.Certificate.Line != "" || page.Rows[0].Certificate.Line != "" {
		t.Errorf("without one: %+v", page.Form)
	}
}

// The form of a connection that is there has its answers in it, and no secret is
// wanted again; the form of a new one is empty and wants it.
func TestAConnectionIsChangedInItsForm(t *testing.T) {
	for change, want := range map[string]struct {
		host     string
		required bool
	}{"k1": {"192.0.2.1", false}, "": {"", true}} {
		f := presenter(t).Connectors(ConnectorsInput{Info: boxes(), Form: "box", Change: change}).Form
		if f.ID != change || f.Kind != "box" || f.Fields[0].Value != want.host || f.Fields[1].Required != want.required || f.Fields[1].Value != "" {
			t.Errorf("change %q: %+v", change, f)
		}
	}
	if l := presenter(t).Connectors(ConnectorsInput{Info: boxes()}).Rows[0].Change; l.ID != "k1" || l.Label == "" {
		t.Errorf("no way there: %+v", l)
	}
	linked := boxes()
	linked.Kinds[0].Links = true
	if l := presenter(t).Connectors(ConnectorsInput{Info: linked}).Rows[0].Change; l.Label != "" {
		t.Error("one that was linked on its peer's own page cannot be typed in")
	}
}

// One that does not answer can only be abandoned, and what may stand there is said.
func TestOneThatDoesNotAnswer(t *testing.T) {
	for _, gone := range []bool{true, false} {
		r := presenter(t).removal(RemovalInput{ID: "k1", Known: true, Info: engine.RemovalInfo{Silent: gone, Standing: []string{"Bell → Maker"}}})
		if (r.Abandon.Label != "") != gone || (r.Forget.Label == "") != gone || (len(r.Standing) == 1) != gone || r.Keep.Label == "" {
			t.Errorf("silent %v: %+v", gone, r)
		}
	}
}

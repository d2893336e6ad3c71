package view

import (
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
)

// CertificateKey is the answer of a form that says yes to a certificate.
const CertificateKey = connectors.OptCertificate

// Certificate is the question whether a certificate that nobody vouches for is
// the peer's own. Nothing was sent to the peer before the answer.
type Certificate struct {
	Line        string     // "" asks nothing
	Fingerprint string     // in groups, to be compared with what the box shows
	Yes         ActionLink // its ID is the answer to keep
}

func (p Presenter) certificate(e *connectors.CertificateError) Certificate {
	if e == nil {
		return Certificate{}
	}
	out := Certificate{
		Line:        p.T("%s shows a certificate that nobody vouches for, as most boxes at home do. Nothing was sent to it yet. Is it your own box?", clean(e.Host)),
		Fingerprint: grouped(cleanText(e.Fingerprint)), Yes: ActionLink{ID: e.Fingerprint, Label: p.T("Yes, it is mine")},
	}
	if e.Was != "" {
		out.Line = p.T("%s shows another certificate than the one you said yes to. Nothing was sent to it. Say yes only if you set the box up anew or renewed its certificate.", clean(e.Host))
	}
	return out
}

// grouped is a fingerprint that can be read: "sha256: 0a1b 2c3d …".
func grouped(fingerprint string) string {
	kind, digits, found := strings.Cut(fingerprint, ":")
	if !found {
		return fingerprint
	}
	var groups []string
	for len(digits) > 4 {
		groups, digits = append(groups, digits[:4]), digits[4:]
	}
	return kind + ": " + strings.Join(append(groups, digits), " ")
}

// changeForm is the form of a connection that is there, with its old answers.
func (p Presenter) changeForm(out *Connectors, in ConnectorsInput) {
	for _, c := range in.Info.Connections {
		if in.Change == "" || c.ID != in.Change {
			continue
		}
		for _, k := range in.Info.Kinds {
			if k.Kind == c.Kind {
				out.Form = p.changes(k, c, in)
			}
		}
	}
}

func (p Presenter) changes(k connectors.Spec, c engine.ConnectionInfo, in ConnectorsInput) Form {
	if in.Answers == nil {
		in.Answers = map[string]string{}
		for _, o := range k.Options {
			in.Answers[o.Key] = clean(c.Settings.Values[o.Key])
		}
	}
	f := p.form(k, in)
	f.ID, f.Title, f.Intro = c.ID, p.T("Change: %s", clean(c.Name)), p.T("What it holds for you stays. The new answers are tried first, and kept only if it accepts them.")
	if !in.Busy {
		f.Submit = p.T("Test and keep")
	}
	for i := range f.Fields {
		if f.Fields[i].Secret {
			f.Fields[i].Required = false
			f.Fields[i].Help = p.T("Leave it empty to go on with the one that is kept.")
		}
	}
	return f
}

// Mended says that a connection was changed.
func (p Presenter) Mended(name string) string {
	return p.T("%s answered, and the change is kept.", clean(name))
}

// change is the way to the form of a connection. One that was linked on its
// peer's own page is linked there anew instead.
func (p Presenter) change(c engine.ConnectionInfo, kinds []connectors.Spec) ActionLink {
	for _, k := range kinds {
		if k.Kind == c.Kind && len(k.Options) > 0 && !k.Links {
			return ActionLink{ID: c.ID, Label: p.T("Change …")}
		}
	}
	return ActionLink{}
}

package view

import (
	"bestbefore/connectors"
)

// setUp is what has to be done at the peer before its form can be filled in.
func (p Presenter) setUp(f *Form, k connectors.Spec, in ConnectorsInput) {
	for _, n := range k.Needs {
		f.Steps = append(f.Steps, capital(sentence(cleanText(n))))
	}
	if k.Setup != "" {
		f.Setup, f.SetupName, f.Saved = k.Setup, "best-before-"+clean(k.Kind)+".txt", in.Saved
		f.Copy, f.Save = ActionLink{ID: "copy", Label: p.T("Copy")}, ActionLink{ID: "save", Label: p.T("Save as a file …")}
		f.Steps = append(f.Steps, p.T("The text below sets that up, with no more rights than needed. Its first lines say where it belongs."))
	}
	if len(f.Steps) > 0 {
		f.StepsTitle = p.T("What it needs, before you fill this in")
	}
}

// SetupSaved says where the text lies.
func (p Presenter) SetupSaved(path string) Outcome {
	return Outcome{Severity: Fresh, Line: p.T("Saved: %s", cleanText(path))}
}

// NeitherFile says what may be dropped on the window.
func (p Presenter) NeitherFile(name string) string {
	return p.T("%s is nothing that can be read here. Drop a capture (.pcap, .pcapng) or a connector file (.yaml).", clean(name))
}

// OneFile says that files are taken one by one.
func (p Presenter) OneFile() string { return p.T("Drop one file at a time.") }

// Copied says that a text can be pasted now.
func (p Presenter) Copied() string { return p.T("Copied. Paste it where it belongs.") }

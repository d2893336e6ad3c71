package connectors

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// form asks for what a connector needs. Its entries stay while it is open, so
// that no snapshot takes away what is typed; secrets live only in them.
type form struct {
	commands Commands
	kind, id string // id is of the connection that is changed
	fields   []view.Field
	entries  []*kit.Entry

	box    *fyne.Container
	title  *kit.Text
	intro  *kit.Text
	setup  *setup
	link   *link
	body   *fyne.Container
	fault  *fyne.Container
	submit *kit.Button
	cancel *kit.Button
}

func newForm(c Commands) *form {
	f := &form{
		commands: c, title: kit.NewHeading("").Wrapped(2), intro: kit.NewSoft("").Wrapped(0), setup: newSetup(c), link: newLink(c),
		body: kit.NewColumn(4 * kit.Step), fault: kit.NewColumn(0),
	}
	f.submit = kit.NewButton(" ", kit.Main, f.send)
	f.cancel = kit.NewButton(lang.L("Cancel"), kit.Ordinary, f.close)
	f.box = kit.NewSheet("", f.title, f.intro, f.setup.box, f.body, f.link.box, f.fault, kit.NewFlow(2*kit.Step, f.submit, f.cancel))
	f.box.Hide()
	return f
}

func (f *form) set(s view.Form) {
	if s.Kind != f.kind || s.ID != f.id {
		f.open(s)
	}
	setVisible(f.box, s.Kind != "")
	f.title.Set(s.Title)
	f.intro.Set(s.Intro)
	f.setup.set(s)
	f.link.set(s.Link)
	f.fault.Objects = nil
	if s.Error != "" {
		f.fault.Add(kit.NewNotice(view.Still, lang.L("It did not work:"), s.Error, "", nil))
	}
	if s.Certificate.Line != "" {
		f.fault.Add(certificate(s.Certificate, f.trust))
	}
	setVisible(f.fault, len(f.fault.Objects) > 0)
	if s.Kind != "" {
		f.submit.SetLabel(s.Submit)
	}
	if s.Busy {
		f.submit.Disable()
	} else {
		f.submit.Enable()
	}
}

// open makes the entries of another form.
func (f *form) open(s view.Form) {
	f.clear()
	f.kind, f.id, f.fields = s.Kind, s.ID, s.Fields
	f.setup.open(s)
	f.body.Objects, f.entries = nil, nil
	for _, v := range s.Fields {
		e := kit.NewEntry("", nil)
		e.Password = v.Secret
		e.SetText(v.Value)
		e.OnSubmitted = func(string) { f.send() }
		e.OnEscape(f.close)
		f.entries = append(f.entries, e)
		label := v.Label
		if !v.Required {
			label += " " + lang.L("(may stay empty)")
		}
		field := kit.NewColumn(kit.Step, kit.NewText(label).Bold().Wrapped(2), e)
		if v.Help != "" {
			field.Add(kit.NewSoft(v.Help).Wrapped(0))
		}
		f.body.Add(field)
	}
	setVisible(f.body, len(s.Fields) > 0)
}

// begin puts the focus where the first answer is missing, so that nobody has to
// click there first.
func (f *form) begin() {
	for i, e := range f.entries {
		if e.Text != "" || !f.fields[i].Required && !f.fields[i].Secret {
			continue
		}
		if c := fyne.CurrentApp().Driver().CanvasForObject(e); c != nil {
			c.Focus(e)
		}
		return
	}
}

func (f *form) close() {
	f.clear()
	f.commands.OpenForm("")
}

// clear forgets what was typed as a secret.
func (f *form) clear() {
	for i, e := range f.entries {
		if f.fields[i].Secret {
			e.SetText("")
		}
	}
}

// send hands over what is filled in, secrets apart. What is empty is left to
// the connector's own default.
func (f *form) send() {
	if f.submit.Disabled() {
		return
	}
	values, secrets := map[string]string{}, map[string]string{}
	for i, v := range f.fields {
		text := f.entries[i].Text
		switch {
		case v.Secret && text != "":
			secrets[v.Key] = text
		case !v.Secret && (f.id != "" || strings.TrimSpace(text) != ""): // a change may take an answer back
			values[v.Key] = strings.TrimSpace(text)
		}
	}
	if f.id != "" {
		f.commands.Change(f.id, values, secrets)
		return
	}
	f.commands.Connect(f.kind, values, secrets)
}

// trust keeps the yes to a certificate among the answers, and tries again.
func (f *form) trust(fingerprint string) {
	for i, v := range f.fields {
		if v.Key == view.CertificateKey {
			f.entries[i].SetText(fingerprint)
		}
	}
	f.send()
}

// sameForm reports whether b is the form a, perhaps with other words in it.
func sameForm(a, b view.Form) bool { return a.Kind == b.Kind && a.ID == b.ID }

// certificate asks whether a certificate is the box's own.
func certificate(c view.Certificate, yes func(string)) fyne.CanvasObject {
	return kit.NewSheet("", kit.NewColumn(2*kit.Step, kit.NewText(c.Line).Wrapped(0), kit.NewSoft(c.Fingerprint).Wrapped(0),
		kit.NewFlow(0, kit.NewButton(c.Yes.Label, kit.Main, func() { yes(c.Yes.ID) }))))
}

package connectors

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// form asks for what a connector needs. Its answers stay while it is open, so
// that no snapshot takes away what is typed; secrets live only in them.
type form struct {
	commands Commands
	kind, id string // id is of the connection that is changed
	answers  []*answer

	box    *fyne.Container
	title  *kit.Text
	intro  *kit.Text
	setup  *setup
	link   *link
	body   *fyne.Container
	more   *kit.Fold       // of seldom
	seldom *fyne.Container // what hardly anybody changes
	fault  *fyne.Container
	submit *kit.Button
	cancel *kit.Button
}

func newForm(c Commands) *form {
	f := &form{
		commands: c, title: kit.NewHeading("").Wrapped(0), intro: kit.NewSoft("").Wrapped(0), setup: newSetup(c), link: newLink(c),
		body: kit.NewColumn(4 * kit.Step), seldom: kit.NewColumn(4 * kit.Step), fault: kit.NewColumn(0),
	}
	f.more = kit.NewFold(lang.L("More settings"), f.seldom)
	f.submit = kit.NewButton(" ", kit.Main, f.send)
	f.cancel = kit.NewButton(lang.L("Cancel"), kit.Ordinary, f.close)
	f.box = kit.NewSheet("", f.title, f.intro, f.setup.box, f.body, f.more.Content(), f.link.box, f.fault, kit.NewFlow(2*kit.Step, f.submit, f.cancel))
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

// open makes the answers of another form.
func (f *form) open(s view.Form) {
	f.clear()
	f.kind, f.id, f.answers = s.Kind, s.ID, nil
	f.setup.open(s)
	f.body.Objects, f.seldom.Objects = nil, nil
	for _, v := range s.Fields {
		a := newAnswer(v, f.send, f.close)
		f.answers = append(f.answers, a)
		if v.Seldom {
			f.seldom.Add(a.box)
		} else {
			f.body.Add(a.box)
		}
	}
	setVisible(f.body, len(f.body.Objects) > 0)
	setVisible(f.more.Content(), len(f.seldom.Objects) > 0)
	f.more.Unfold(false)
}

// begin puts the focus where the first answer is missing, so that nobody has to
// click there first.
func (f *form) begin() {
	i := slices.IndexFunc(f.answers, (*answer).wanted)
	if i < 0 {
		return
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(f.answers[i].entry); c != nil {
		c.Focus(f.answers[i].entry)
	}
}

func (f *form) close() {
	f.clear()
	f.commands.OpenForm("")
}

// clear forgets what was typed as a secret.
func (f *form) clear() {
	for _, a := range f.answers {
		a.forget()
	}
}

// send hands over what is filled in, secrets apart. What is empty is left to
// the connector's own default.
func (f *form) send() {
	if f.submit.Disabled() {
		return
	}
	values, secrets := map[string]string{}, map[string]string{}
	for _, a := range f.answers {
		v := a.value()
		switch {
		case a.field.Secret && v != "":
			secrets[a.field.Key] = v
		case !a.field.Secret && (f.id != "" || v != ""): // a change may take an answer back
			values[a.field.Key] = v
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
	for _, a := range f.answers {
		if a.field.Key == view.CertificateKey {
			a.entry.SetText(fingerprint)
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

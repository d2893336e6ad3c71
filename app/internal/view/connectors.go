package view

import (
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// Connectors is how we reach outside: what is connected, and what could be.
type Connectors struct {
	Revision uint64
	Loaded   bool
	Sentence string
	Subline  string
	Rows     []ConnectionRow
	Found    []FoundRow // announced at home and not connected yet
	Kinds    []KindRow
	Form     Form // the open form; Kind "" when none is open
	Files    ConnectorFiles
	Captures ActionLink // leads to the page of capture files
}

// ConnectionRow is one connection and how it does.
type ConnectionRow struct {
	ID       string
	Name     string
	KindLine string // "Linux gateway · connected since 3 May"
	Pill     string // "working", "trouble", "opening …"
	State    Severity
	Lines    []string // what it sees, stops and holds
	Trouble  string
	Remove   ActionLink
	Change   ActionLink // opens the form with what was answered; Label "" where its kind has none
	// Certificate is the question whether a new certificate is its own.
	Certificate Certificate
	Busy        bool
	Removal     Removal // the question before it is removed
	Test        ActionLink
	Tested      Outcome
	Log         ActionLink // opens and closes its log
	LogLines    []string   // newest first; only while its log is open
	Held        []string   // what it holds for us, in sentences
}

// KindRow is one thing that can be connected.
type KindRow struct {
	Kind    string
	Name    string
	Sees    string
	Stops   string
	Needs   string
	Connect ActionLink
}

// Form asks for what a connector needs.
type Form struct {
	Kind   string
	Title  string
	Intro  string
	ID     string // of the connection that is changed; "" makes a new one
	Fields []Field
	Error  string
	// Certificate is asked in place of an error.
	Certificate Certificate
	Busy        bool
	Submit      string
	// What has to be done at the peer first; nothing where the title is empty.
	StepsTitle string
	Steps      []string
	Setup      string // a text to paste or to save there; "" for none
	SetupName  string // what the file may be called
	Copy, Save ActionLink
	Saved      Outcome
	Link       LinkStep // the peer's own page, while it waits for a yes
}

// Field is one question of a form.
type Field struct {
	Key      string
	Label    string
	Help     string
	Value    string
	Required bool
	Secret   bool
	Choices  []Choice // the only answers, the ID is the value; none where it is typed
	Seldom   bool     // folded away until asked for
}

// ConnectorsInput is what the page is made of.
type ConnectorsInput struct {
	Info    engine.ConnectorsInfo
	Form    string                       // kind whose form is open
	Change  string                       // the connection that the form changes; "" for a new one
	Unknown *connectors.CertificateError // what the peer of the form showed
	Answers map[string]string            // what was typed, without secrets
	Error   string
	Busy    bool
	Removal RemovalInput
	Testing map[string]Outcome // by connection
	LogOf   string             // the connection whose log is open
	Log     []engine.LogLine
	Held    []engine.HeldInfo
	Files   FilesInput
	Saved   Outcome // of the text that was saved from the form
	Link    engine.LinkInfo
	Key     engine.KeyInfo // what seals the passwords
	Demo    bool
}

// Connectors is the page.
func (p Presenter) Connectors(in ConnectorsInput) Connectors {
	out := Connectors{Revision: p.Revision, Loaded: true, Sentence: p.connectorsSentence(in.Info)}
	out.Subline = p.T("Only what you connect yourself is asked.") + " " + p.passwordsAre(in.Key, in.Demo)
	for _, c := range in.Info.Connections {
		row := p.connectionRow(c, in.Info.Kinds)
		p.closer(&row, c, in)
		if in.Removal.ID == c.ID {
			row.Busy, row.Removal = in.Removal.Busy, p.removal(in.Removal)
		}
		out.Rows = append(out.Rows, row)
	}
	p.changeForm(&out, in)
	out.Found, out.Files = p.found(in.Info), p.Files(in.Files)
	out.Captures = ActionLink{ID: string(PageCapture), Label: p.T("Read a capture file …")}
	for _, k := range in.Info.Kinds {
		if k.Once && slices.ContainsFunc(in.Info.Connections, func(c engine.ConnectionInfo) bool { return c.Kind == k.Kind }) {
			continue // there is only one of it, and it is connected
		}
		row := KindRow{
			Kind: k.Kind, Name: clean(k.Name), Sees: cleanText(k.Sees), Stops: cleanText(k.Stops),
			Connect: ActionLink{ID: k.Kind, Label: p.T("Connect")},
		}
		if len(k.Needs) > 0 {
			row.Needs = cleanText(strings.Join(k.Needs, ", "))
		}
		out.Kinds = append(out.Kinds, row)
		if k.Kind == in.Form && in.Change == "" {
			out.Form = p.form(k, in)
		}
	}
	return out
}

func (p Presenter) connectorsSentence(in engine.ConnectorsInfo) string {
	can, _ := blockers(in.Connections)
	trouble := 0
	for _, c := range in.Connections {
		if c.Trouble != "" {
			trouble++
		}
	}
	switch {
	case len(in.Connections) == 0:
		return p.T("Connect what carries your home's data.")
	case trouble > 0:
		return p.Words("%s connection needs you.", "%s connections need you.", trouble)
	case can:
		return p.T("Dates can be kept: something can end a flow on its day.")
	case slices.ContainsFunc(in.Connections, func(c engine.ConnectionInfo) bool { return may(c, engine.AbleToRevoke) }):
		return p.T("An access can be ended on its day, but nothing here can block what is sent.")
	default:
		return p.T("I can see what is sent, but nothing here can end it.")
	}
}

func (p Presenter) connectionRow(c engine.ConnectionInfo, kinds []connectors.Spec) ConnectionRow {
	r := ConnectionRow{
		ID: c.ID, Name: clean(c.Name), Trouble: cleanText(c.Trouble),
		Remove: ActionLink{ID: c.ID, Label: p.T("Remove")},
	}
	r.Change, r.Certificate = p.change(c, kinds), p.certificate(c.Certificate)
	kind := clean(c.Kind)
	for _, k := range kinds {
		if k.Kind == c.Kind {
			kind = clean(k.Name)
		}
	}
	r.KindLine = kind
	switch since := p.sinceDay(c.Created); {
	case c.Created.IsZero():
	case kind == r.Name:
		r.KindLine = p.T("connected since %s", since)
	default:
		r.KindLine = p.T("%[1]s · connected since %[2]s", kind, since)
	}
	r.Pill, r.State = p.health(c)
	if line := strings.TrimPrefix(cleanText(c.Coverage.Text), "sees "); line != "" {
		r.Lines = append(r.Lines, p.T("Sees: %s", line))
	} else if len(c.Coverage.Sees) > 0 {
		r.Lines = append(r.Lines, p.T("Sees: %s", clean(strings.Join(c.Coverage.Sees, ", "))))
	} else {
		r.Lines = append(r.Lines, p.T("Sees nothing yet"))
	}
	r.Lines = append(r.Lines, p.stops(c))
	if slices.Contains(c.Can, engine.AbleToBlock) {
		r.Lines = append(r.Lines, p.keeps(c.Traits))
	}
	if note := cleanText(c.Traits.Note); note != "" {
		r.Lines = append(r.Lines, p.T("To know: %s", note))
	}
	if c.Holds > 0 {
		r.Lines = append(r.Lines, p.N("Keeps %d date for you now", "Keeps %d dates for you now", c.Holds))
	}
	return r
}

// health is working only where something was heard lately.
func (p Presenter) health(c engine.ConnectionInfo) (string, Severity) {
	switch {
	case c.Disabled:
		return p.T("switched off"), Lapsed
	case c.Error == consent.KindSignIn:
		return p.T("sign in again"), Still
	case c.Trouble != "":
		return p.T("trouble"), Still
	case !c.Open:
		return p.T("opening …"), Soon
	case !c.Alive.IsZero() && p.Now.Sub(c.Alive) < 5*time.Minute:
		return p.T("working"), Fresh
	case c.Alive.IsZero():
		return p.T("open, nothing heard yet"), Soon
	default:
		return p.T("last heard %s", p.moment(c.Alive)), Soon
	}
}

// stops goes by what the connection's account may do, not by what its kind could.
func (p Presenter) stops(c engine.ConnectionInfo) string {
	t, line := c.Traits, ""
	if !slices.Contains(c.Can, engine.AbleToBlock) {
		if slices.Contains(c.Can, engine.AbleToRevoke) {
			return p.T("Stops: one access, for good")
		}
		return p.T("Stops nothing")
	}
	switch t.Grain {
	case connectors.GrainRecipient:
		line = p.T("Stops: one recipient of a device, or the whole device")
	case connectors.GrainDevice:
		line = p.T("Stops: a whole device")
	case connectors.GrainAccount:
		line = p.T("Stops: an account")
	default:
		return p.T("Stops nothing")
	}
	if t.Grain == connectors.GrainRecipient || t.Grain == connectors.GrainDevice {
		switch {
		case t.IPv4 && !t.IPv6:
			line += ", " + p.T("over IPv4 only")
		case t.IPv6 && !t.IPv4:
			line += ", " + p.T("over IPv6 only")
		}
		if t.CutsOpenFlows {
			line += ", " + p.T("at once")
		}
	}
	return line
}

func (p Presenter) keeps(t connectors.Traits) string {
	switch {
	case t.HoldsStart && t.SurvivesRestart:
		return p.T("Keeps a date with this computer off")
	case t.HoldsStart:
		return p.T("Keeps a date with this computer off, until it restarts itself")
	default:
		return p.T("Keeps no date by itself: this computer must be on")
	}
}

func (p Presenter) form(k connectors.Spec, in ConnectorsInput) Form {
	f := Form{
		Kind: k.Kind, Title: p.T("Connect: %s", clean(k.Name)), Intro: cleanText(k.Sees), Error: cleanText(in.Error),
		Busy: in.Busy, Submit: p.T("Test and connect"),
	}
	if k.Links {
		f.Submit = p.T("Go on to its page")
	}
	if in.Busy {
		f.Submit = p.T("Testing…")
	}
	if f.Link = p.linkStep(in.Link); f.Link.Line != "" {
		f.Submit = p.T("Waiting for your yes…")
	}
	if f.Certificate = p.certificate(in.Unknown); f.Certificate.Line != "" {
		f.Error = ""
	}
	p.setUp(&f, k, in)
	for _, o := range k.Options {
		v := o.Default
		if typed, ok := in.Answers[o.Key]; ok && !o.Secret {
			v = typed
		}
		f.Fields = append(f.Fields, field(o, v))
	}
	return f
}

func field(o connectors.Option, value string) Field {
	f := Field{Key: o.Key, Label: clean(o.Label), Help: cleanText(o.Help), Value: value, Required: o.Required, Secret: o.Secret, Seldom: o.Seldom}
	for _, a := range o.Choices {
		f.Choices = append(f.Choices, Choice{ID: a.Value, Label: cleanText(a.Label), Chosen: strings.EqualFold(a.Value, value)})
	}
	return f
}

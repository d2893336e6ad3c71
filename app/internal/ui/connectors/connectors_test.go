package connectors_test

import (
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/ui/connectors"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

func page() view.Connectors {
	return view.Connectors{
		Loaded: true, Sentence: "Dates can be kept: something can end a flow on its day.",
		Subline: "Only what you connect yourself is asked. Passwords stay in this computer's key store.",
		Rows: []view.ConnectionRow{{
			ID: "k1", Name: "Gateway", KindLine: "Linux router · connected 3 May", Pill: "working", State: view.Fresh,
			Lines:  []string{"Sees: every flow that passes this box, with bytes and destination", "Stops: one recipient of a device, or the whole device, at once", "Keeps a date with this computer off, until it restarts itself", "Keeps 4 dates for you now"},
			Remove: view.ActionLink{ID: "k1", Label: "Remove"}, Test: view.ActionLink{ID: "k1", Label: "Test"}, Log: view.ActionLink{ID: "k1", Label: "Show log"},
			Held: []string{"Front door bell to Bell Maker from 1 December."},
		}},
		Kinds: []view.KindRow{{
			Kind: "gateway", Name: "Linux router", Sees: "Every flow between the home and the outside that passes this box, with addresses and bytes.",
			Stops: "A device, or its traffic to one recipient, IPv4 and IPv6, open flows included; the date is kept by the kernel itself.",
			Needs: "Linux with nftables and connection tracking, administrator rights on the box that routes the home", Connect: view.ActionLink{ID: "gateway", Label: "Connect"},
		}},
	}
}

func withForm() view.Connectors {
	s := page()
	s.Rows = nil
	s.Sentence = "Connect what carries your home's data."
	s.Form = view.Form{
		Kind: "gateway", Title: "Connect: this Linux box, as the home's router", Intro: "Every flow between the home and the outside that passes this box.",
		Submit: "Test and connect", Error: "lan9 is not an interface of this computer.",
		Fields: []view.Field{
			{Key: "lan", Label: "Interface of the home", Help: "Name or names with commas, such as br0. Empty: found by itself.", Value: "lan9"},
			{Key: "interval", Label: "Seconds between two looks at the flows", Value: "5", Required: true},
			{Key: "password", Label: "Password", Secret: true},
		},
	}
	return s
}

func commands(log *[]string) connectors.Commands {
	return connectors.Commands{
		OpenForm:  func(k string) { *log = append(*log, "form "+k) },
		Connect:   func(k string, v, s map[string]string) { *log = append(*log, fmt.Sprint("connect ", k, v, s)) },
		AskRemove: func(id string) { *log = append(*log, "ask "+id) },
		Remove:    func(id string) { *log = append(*log, "remove "+id) }, EndAndRemove: func(id string) { *log = append(*log, "end "+id) },
		Abandon: func(id string) { *log = append(*log, "abandon "+id) }, ChangeForm: func(id string) { *log = append(*log, "form of "+id) },
		Change: func(id string, values, secrets map[string]string) {
			*log = append(*log, fmt.Sprintf("change %s %v %d", id, values, len(secrets)))
		}, Trust: func(id, yes string) { *log = append(*log, "trust "+id+" "+yes) },
		Test:      func(id string) { *log = append(*log, "test "+id) },
		ShowLog:   func(id string) { *log = append(*log, "log "+id) },
		Visit:     func(page string) { *log = append(*log, "visit "+page) },
		OpenFound: func(k string, v map[string]string) { *log = append(*log, fmt.Sprint("found ", k, v)) },
		Copy:      func(text string) { *log = append(*log, "copy "+text) },
		Save:      func(name, text string) { *log = append(*log, "save "+name+" "+text) },
		Captures:  func() { *log = append(*log, "captures") },
		Files: connectors.FileCommands{
			Choose: func() { *log = append(*log, "choose") }, Approve: func(sum string) { *log = append(*log, "approve "+sum) },
			Close: func() { *log = append(*log, "close") }, Remove: func(kind string) { *log = append(*log, "remove file "+kind) },
		},
	}
}

func show(t *testing.T, s view.Connectors) (*connectors.Page, fyne.Window, *[]string) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	log := &[]string{}
	p := connectors.New(commands(log))
	w := test.NewTempWindow(t, p.Content())
	w.Resize(fyne.NewSize(1072, 800))
	p.SetSnapshot(s)
	return p, w, log
}

func press(t *testing.T, w fyne.Window, label string) {
	t.Helper()
	var found *kit.Button
	kit.Walk(w.Content(), func(o fyne.CanvasObject) {
		if b, ok := o.(*kit.Button); ok && b.Label() == label && found == nil {
			found = b
		}
	})
	if found == nil {
		t.Fatalf("there is no button %q", label)
	}
	test.Tap(found)
}

func entries(w fyne.Window) []*kit.Entry {
	var out []*kit.Entry
	kit.Walk(w.Content(), func(o fyne.CanvasObject) {
		if e, ok := o.(*kit.Entry); ok {
			out = append(out, e)
		}
	})
	return out
}

func TestLook(t *testing.T) {
	dir := os.Getenv("LOOK")
	if dir == "" {
		t.Skip("LOOK names no folder")
	}
	for name, s := range map[string]view.Connectors{"connectors-light": page(), "connectors-dark": withForm()} {
		mode := kit.Light
		if name == "connectors-dark" {
			mode = kit.Dark
		}
		test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(mode, 1))
		p := connectors.New(commands(&[]string{}))
		p.SetSnapshot(s)
		w := test.NewTempWindow(t, kit.NewStack(kit.NewPanel(kit.ColorPaper, 0), p.Content()))
		w.SetPadded(false)
		w.Resize(fyne.NewSize(1072, 760))
		f, err := os.Create(filepath.Join(dir, name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, w.Canvas().Capture()); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}

func TestAKindIsConnectedThroughItsForm(t *testing.T) {
	p, w, log := show(t, page())
	press(t, w, "Connect")
	p.SetSnapshot(withForm())
	es := entries(w)
	if len(es) != 3 || !es[2].Password {
		t.Fatalf("%d entries; the last must hide what is typed", len(es))
	}
	es[0].SetText(" br0 ")
	es[2].SetText("hunter2")
	p.SetSnapshot(withForm())
	if es[0].Text != " br0 " {
		t.Error("a snapshot took away what was typed")
	}
	press(t, w, "Test and connect")
	want := []string{"form gateway", "connect gatewaymap[interval:5 lan:br0] map[password:hunter2]"}
	if d := cmp.Diff(want, *log); d != "" {
		t.Error(d)
	}
}

func TestSecretsAreForgottenWhenThePageIsLeft(t *testing.T) {
	p, w, _ := show(t, withForm())
	es := entries(w)
	es[0].SetText("br0")
	es[2].SetText("hunter2")
	p.OnHide()
	if es[2].Text != "" || es[0].Text != "br0" {
		t.Errorf("kept %q and %q", es[0].Text, es[2].Text)
	}
}

// What removing means is asked first; ending it there and only forgetting it here
// are two answers. The twin: what can end nothing there offers no such answer.
func TestRemovingAsksWhatIsToBecomeOfIt(t *testing.T) {
	for _, ends := range []bool{true, false} {
		p, w, log := show(t, page())
		press(t, w, "Remove")
		s := page()
		s.Rows[0].Removal = view.Removal{
			Lines: []string{"It is asked nothing any more."}, Stays: "The access stays valid there.", Steps: []string{"Open the list of apps."},
			Forget: view.ActionLink{ID: "k1", Label: "Only forget it here"}, Keep: view.ActionLink{ID: "k1", Label: "Keep it"},
			Page: view.ActionLink{ID: "https://login.example/apps", Label: "Open its page"},
		}
		want := []string{"ask k1", "ask ", "visit https://login.example/apps", "remove k1"}
		if ends {
			s.Rows[0].Removal.End, s.Rows[0].Removal.EndLines = view.ActionLink{ID: "k1", Label: "End it at Gateway, then remove"}, []string{"It is tried afterwards."}
			s.Rows[0].Removal.Rests = []string{"Bell → Bell Maker"}
			want = append(want, "end k1")
		}
		p.SetSnapshot(s)
		for _, x := range []string{"It is asked nothing any more.", "The access stays valid there.", "Open the list of apps."} {
			if !shows(w, x) {
				t.Errorf("%q is not shown", x)
			}
		}
		if shows(w, "It is tried afterwards.") != ends || shows(w, "Bell → Bell Maker") != ends {
			t.Error("what ending it means is shown where it is not offered, or the reverse")
		}
		press(t, w, "Keep it")
		press(t, w, "Open its page")
		press(t, w, "Only forget it here")
		if ends {
			press(t, w, "End it at Gateway, then remove")
		}
		if d := cmp.Diff(want, *log); d != "" {
			t.Error(d)
		}
		removal := s.Rows[0].Removal
		s = page() // a snapshot is never changed
		s.Rows[0].Removal, s.Rows[0].Busy = removal, true
		s.Rows[0].Removal.Busy, s.Rows[0].Removal.Error = true, "It stays connected."
		p.SetSnapshot(s)
		press(t, w, "Only forget it here")
		press(t, w, "Remove")
		if len(*log) != len(want) || !shows(w, "It stays connected.") {
			t.Errorf("asked again while it is under way, or the fault is not shown: %v", *log)
		}
	}
}

func TestABusyFormIsNotSentTwice(t *testing.T) {
	s := withForm()
	s.Form.Busy = true
	_, w, log := show(t, s)
	press(t, w, "Test and connect")
	entries(w)[0].TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if len(*log) != 0 {
		t.Errorf("asked %v", *log)
	}
}

func TestAConnectionIsTestedAndItsLogIsRead(t *testing.T) {
	p, w, log := show(t, page())
	press(t, w, "Test")
	s := page()
	s.Rows[0].Tested = view.Outcome{Busy: true}
	s.Rows[0].Test.Label = "Testing…"
	p.SetSnapshot(s)
	press(t, w, "Testing…") // a busy one is not asked again
	s = page()
	s.Rows[0].Tested = view.Outcome{Severity: view.Fresh, Line: "It answered."}
	p.SetSnapshot(s)
	press(t, w, "Show log")
	tested := s.Rows[0].Tested
	s = page()
	s.Rows[0].Tested, s.Rows[0].Log.Label, s.Rows[0].LogLines = tested, "Hide log", []string{"14:03  connection open"}
	p.SetSnapshot(s)
	if d := cmp.Diff([]string{"test k1", "log k1"}, *log); d != "" {
		t.Error(d)
	}
	for _, want := range []string{"It answered.", "14:03  connection open", "Front door bell to Bell Maker from 1 December."} {
		if !shows(w, want) {
			t.Errorf("%q is not shown", want)
		}
	}
}

func TestAFoundPeerOpensItsFormFilledIn(t *testing.T) {
	s := page()
	s.Kinds = nil
	s.Found = []view.FoundRow{{Kind: "mqtt", Text: "Home server announces itself as: MQTT broker", Values: map[string]string{"address": "192.168.1.5:1883"}, Connect: view.ActionLink{ID: "mqtt", Label: "Connect"}}}
	_, w, log := show(t, s)
	press(t, w, "Connect")
	if d := cmp.Diff([]string{"found mqttmap[address:192.168.1.5:1883]"}, *log); d != "" {
		t.Error(d)
	}
}

// TestThePageSaysWhatItWaitsFor: until the connections are known it says that it
// asks for them; it looks around at home for nothing. Then it says what is known.
func TestThePageSaysWhatItWaitsFor(t *testing.T) {
	p, w, _ := show(t, view.Connectors{})
	if !shows(w, "Asking what is connected …") {
		t.Error("it does not say what it waits for")
	}
	if p.SetSnapshot(page()); shows(w, "Asking what is connected …") || !shows(w, page().Sentence) {
		t.Error("it goes on saying that it waits")
	}
}

func shows(w fyne.Window, text string) bool {
	found := false
	kit.Walk(w.Content(), func(o fyne.CanvasObject) {
		if x, ok := o.(*kit.Text); ok && strings.Contains(x.String(), text) {
			found = true
		}
	})
	return found
}

// A page that waits for a yes is opened by a click, shows its code, and is given up by Cancel.
func TestAPageIsOpenedAndItsCodeIsShown(t *testing.T) {
	s := withForm()
	s.Form.Busy, s.Form.Submit, s.Form.Error = true, "Waiting for your yes…", ""
	s.Form.Link = view.LinkStep{Line: "Open the page on any device, and type this code there:", Code: "WDJB-MJHT", Page: "https://login.example/codes", Until: "It waits until 14:20.", Open: view.ActionLink{ID: "l1", Label: "Open the page"}}
	p, w, log := show(t, s)
	for _, want := range []string{"WDJB-MJHT", "type this code", "waits until 14:20"} {
		if !shows(w, want) {
			t.Errorf("%q is not shown", want)
		}
	}
	press(t, w, "Open the page")
	press(t, w, "Waiting for your yes…") // it is not sent twice
	press(t, w, "Cancel")
	if d := cmp.Diff([]string{"visit https://login.example/codes", "form "}, *log); d != "" {
		t.Error(d)
	}
	p.SetSnapshot(withForm()) // the twin: no page waits
	if shows(w, "WDJB-MJHT") {
		t.Error("the code is still shown")
	}
}

// A certificate is said yes to with one click, in the form and beside a
// connection; what is typed goes along, and the answer with it.
func TestACertificateIsSaidYesTo(t *testing.T) {
	asked := withForm()
	asked.Form.Fields = append(asked.Form.Fields, view.Field{Key: view.CertificateKey, Label: "Fingerprint"})
	p, w, log := show(t, asked)
	es := entries(w)
	es[0].SetText("br0")
	es[2].SetText("hunter2")
	asked.Form.Certificate = view.Certificate{Line: "Is it your own box?", Fingerprint: "sha256: 0a1b", Yes: view.ActionLink{ID: "sha256:0a1b", Label: "Yes, it is mine"}}
	p.SetSnapshot(asked)
	press(t, w, "Yes, it is mine")
	other := page()
	other.Rows[0].Certificate = view.Certificate{Line: "Another one.", Fingerprint: "sha256: ff", Yes: view.ActionLink{ID: "sha256:ff", Label: "Yes, it is mine"}}
	p.SetSnapshot(other)
	press(t, w, "Yes, it is mine")
	want := []string{"connect gatewaymap[certificate:sha256:0a1b interval:5 lan:br0] map[password:hunter2]", "trust k1 sha256:ff"}
	if d := cmp.Diff(want, *log); d != "" {
		t.Error(d)
	}
}

// A change hands over every answer, so that one can be taken back.
func TestAConnectionIsChangedThroughItsForm(t *testing.T) {
	s := page()
	s.Rows[0].Change = view.ActionLink{ID: "k1", Label: "Change …"}
	p, w, log := show(t, s)
	press(t, w, "Change …")
	s.Form = withForm().Form
	s.Form.ID, s.Form.Submit = "k1", "Test and keep"
	p.SetSnapshot(s)
	es := entries(w)
	es[0].SetText("")
	press(t, w, "Test and keep")
	if d := cmp.Diff([]string{"form of k1", "change k1 map[interval:5 lan:] 0"}, *log); d != "" {
		t.Error(d)
	}
}

// TestTheFormAsksWhatMatters: what hardly anybody changes is folded away until
// asked for, and a question with few answers is clicked, not typed.
func TestTheFormAsksWhatMatters(t *testing.T) {
	s := withForm()
	s.Form.Fields = []view.Field{
		{Key: "address", Label: "Address", Value: "192.168.1.1", Required: true},
		{Key: "way", Label: "Say yes", Value: "browser", Choices: []view.Choice{{ID: "browser", Label: "here", Chosen: true}, {ID: "device", Label: "with a code"}}},
		{Key: "zone", Label: "Firewall zone", Value: "lan", Seldom: true},
	}
	_, w, log := show(t, s)
	if n := len(entries(w)); n != 1 {
		t.Errorf("%d entries are shown, want the address alone", n)
	}
	press(t, w, "More settings")
	if n := len(entries(w)); n != 2 {
		t.Errorf("%d entries are shown once unfolded, want 2", n)
	}
	kit.Walk(w.Content(), func(o fyne.CanvasObject) {
		if c, ok := o.(*kit.Chip); ok && c.Choice().ID == "device" {
			test.Tap(c)
		}
	})
	press(t, w, s.Form.Submit)
	want := []string{"connect gatewaymap[address:192.168.1.1 way:device zone:lan] map[]"}
	if diff := cmp.Diff(want, *log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s.Form.Fields[1].Choices[1].Chosen {
		t.Error("the snapshot itself was changed")
	}
}

// A text to paste breaks between words, so that it can be read; what is copied is
// the text as it is.
func TestTheTextToPasteBreaksBetweenWords(t *testing.T) {
	s := withForm()
	s.Form.StepsTitle, s.Form.Setup = "First", "uci set rpcd.bestbefore=login"
	p, _, _ := show(t, s)
	found := false
	kit.Walk(p.Content(), func(o fyne.CanvasObject) {
		if l, ok := o.(*widget.Label); ok && l.Text == s.Form.Setup {
			found = l.Wrapping == fyne.TextWrapWord
		}
	})
	if !found {
		t.Error("it is not shown, or breaks words")
	}
}

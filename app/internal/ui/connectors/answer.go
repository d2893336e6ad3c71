package connectors

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// answer is where one question of the form is answered: typed, or chosen among
// the only answers there are.
type answer struct {
	field view.Field
	entry *kit.Entry // nil where it is chosen
	chips *kit.Chips
	box   *fyne.Container
}

func newAnswer(v view.Field, send, leave func()) *answer {
	a := &answer{field: v}
	label := v.Label
	if !v.Required && len(v.Choices) == 0 {
		label += " " + lang.L("(may stay empty)")
	}
	a.box = kit.NewColumn(kit.Step, kit.NewText(label).Bold().Wrapped(2), a.control(send, leave))
	if v.Help != "" {
		a.box.Add(kit.NewSoft(v.Help).Wrapped(0))
	}
	return a
}

func (a *answer) control(send, leave func()) fyne.CanvasObject {
	if len(a.field.Choices) > 0 {
		a.chips = kit.NewChips(a.choose)
		a.chips.Set(a.field.Choices)
		return a.chips.Content()
	}
	a.entry = kit.NewEntry("", nil)
	a.entry.Password = a.field.Secret
	a.entry.SetText(a.field.Value)
	a.entry.OnSubmitted = func(string) { send() }
	a.entry.OnEscape(leave)
	return a.entry
}

// choose takes one of the choices; the slice is the page's own, so the
// snapshot that it came from stays as it was.
func (a *answer) choose(id string) {
	chosen := make([]view.Choice, 0, len(a.field.Choices))
	for _, c := range a.field.Choices {
		c.Chosen = c.ID == id
		chosen = append(chosen, c)
	}
	a.field.Choices, a.field.Value = chosen, id
	a.chips.Set(chosen)
}

// value is what was typed or chosen.
func (a *answer) value() string {
	switch {
	case a.entry == nil:
		return a.field.Value
	case a.field.Secret:
		return a.entry.Text
	default:
		return strings.TrimSpace(a.entry.Text)
	}
}

// wanted reports whether the first thing to do in the form is to type here.
func (a *answer) wanted() bool {
	return a.entry != nil && a.entry.Text == "" && (a.field.Required || a.field.Secret)
}

// forget takes away what was typed as a secret.
func (a *answer) forget() {
	if a.field.Secret && a.entry != nil {
		a.entry.SetText("")
	}
}

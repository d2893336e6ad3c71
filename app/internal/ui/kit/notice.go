package kit

import (
	"fyne.io/fyne/v2"

	"bestbefore/app/internal/view"
)

func noticeSign(s view.Severity) string {
	switch s {
	case view.Soon, view.Still:
		return "still" // the triangle; a clock would speak of a date
	case view.Fresh:
		return "fresh"
	default:
		return "info"
	}
}

// NewNotice is one line that needs a person: a sign and a word in the colour of
// its severity, a sentence, and a button where something can be done (label "" is none).
func NewNotice(s view.Severity, word, text, label string, tapped func()) *fyne.Container {
	if label == "" {
		return NewNoticeWith(s, word, text)
	}
	return NewNoticeWith(s, word, text, NewButton(label, Ordinary, tapped))
}

// NewNoticeWith is NewNotice with any number of answers.
func NewNoticeWith(s view.Severity, word, text string, answers ...fyne.CanvasObject) *fyne.Container {
	return NewNoticeMore(s, word, text, "", answers...)
}

// NewNoticeMore is NewNoticeWith with a soft line below, for whoever wants to
// know more; "" is none.
func NewNoticeMore(s view.Severity, word, text, more string, answers ...fyne.CanvasObject) *fyne.Container {
	line := NewParagraph(Span{Text: word + " ", Bold: true, Color: InkOf(s)}, Span{Text: text})
	said := fyne.CanvasObject(line)
	if len(answers) > 0 {
		said = NewHead(line, NewFlow(Step, answers...))
	}
	if more != "" {
		said = NewColumn(Step, said, NewSoft(more).Wrapped(3))
	}
	row := NewRow(3*Step, NewSign(noticeSign(s), InkOf(s), 20), Grow(said))
	return NewStack(NewFrame(TintOf(s), InkOf(s), RadiusSheet), NewPad(10, 12, 10, 16, row))
}

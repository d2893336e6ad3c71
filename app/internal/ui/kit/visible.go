package kit

import "fyne.io/fyne/v2"

// Scale says by how much text is enlarged now.
func Scale() float32 { return scaleNow() }

// SetVisible shows o or hides it.
func SetVisible(o fyne.CanvasObject, on bool) { show(o, on) }

// SetWord shows b with a word, or not at all; a button keeps its last word
// while it is hidden.
func SetWord(b *Button, word string) {
	if word != "" {
		b.SetLabel(word)
	}
	show(b, word != "")
}

// SetBusy has b wait while what it asked for is under way.
func SetBusy(b *Button, busy bool) {
	if busy {
		b.Disable()
	} else {
		b.Enable()
	}
}

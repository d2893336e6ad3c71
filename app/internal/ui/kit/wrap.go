package kit

import (
	"strings"

	"fyne.io/fyne/v2"
)

// piece is a word, with the blank after it, in one style.
type piece struct {
	text  string
	bold  bool
	blank bool
	color fyne.ThemeColorName
}

type measurer func(s string, bold bool) float32

const ellipsis = "…"

// breakLines sets pieces in lines of at most width. A word longer than a line
// stands alone in its line and is broken between letters.
func breakLines(pieces []piece, width float32, measure measurer) [][]piece {
	var lines [][]piece
	var line []piece
	var used float32
	flush := func() {
		if len(line) > 0 {
			lines = append(lines, line)
		}
		line, used = nil, 0
	}
	for _, p := range glue(pieces) {
		var w, tight float32
		for i, part := range p {
			full := measure(part.text, part.bold)
			w += full
			if i == len(p)-1 {
				tight = w - full + measure(strings.TrimRight(part.text, " "), part.bold)
			}
		}
		if used > 0 && used+tight > width {
			flush()
		}
		if tight > width {
			for _, part := range p {
				for _, cut := range chop(part, width, measure) {
					flush()
					line, used = []piece{cut}, measure(cut.text, cut.bold)
				}
			}
			continue
		}
		line = append(line, p...)
		used += w
	}
	flush()
	return lines
}

// glue groups the pieces that stand together without a blank, so that no line
// ends between a word and the full stop in another style.
func glue(pieces []piece) [][]piece {
	var out [][]piece
	open := false
	for _, p := range pieces {
		if open {
			out[len(out)-1] = append(out[len(out)-1], p)
		} else {
			out = append(out, []piece{p})
		}
		open = !strings.HasSuffix(p.text, " ")
	}
	return out
}

// chop cuts one long word in pieces of at most width.
func chop(p piece, width float32, measure measurer) []piece {
	var out []piece
	runes := []rune(p.text)
	for len(runes) > 0 {
		n := longest(len(runes), func(n int) bool { return measure(string(runes[:n]), p.bold) <= width })
		n = max(n, 1)
		cut := p
		cut.text = string(runes[:n])
		out = append(out, cut)
		runes = runes[n:]
	}
	return out
}

// ellipsise shortens line to width, with three dots at the end when it had to.
func ellipsise(line []piece, width float32, measure measurer) []piece {
	var used float32
	for i, p := range line {
		w := measure(p.text, p.bold)
		last := i == len(line)-1
		if last {
			w = measure(strings.TrimRight(p.text, " "), p.bold)
		}
		// The half pixel forgives rounding where a text was measured to fit.
		if used+w <= width+0.5 && (last || used+w+measure(ellipsis, p.bold) <= width || fits(line[i+1:], width+0.5-used-w, measure)) {
			used += w
			continue
		}
		runes := []rune(p.text)
		n := longest(len(runes), func(n int) bool {
			return used+measure(strings.TrimRight(string(runes[:n]), " ")+ellipsis, p.bold) <= width
		})
		p.text = strings.TrimRight(string(runes[:n]), " ") + ellipsis
		if n == 0 && i > 0 {
			out := append([]piece{}, line[:i]...)
			out[i-1].text = strings.TrimRight(out[i-1].text, " ") + ellipsis
			return out
		}
		return append(append([]piece{}, line[:i]...), p)
	}
	return line
}

func fits(line []piece, width float32, measure measurer) bool {
	var used float32
	for i, p := range line {
		t := p.text
		if i == len(line)-1 {
			t = strings.TrimRight(t, " ")
		}
		used += measure(t, p.bold)
	}
	return used <= width
}

// longest is the largest n up to limit for which ok holds; ok must hold for all
// smaller ones too.
func longest(limit int, ok func(int) bool) int {
	low, high := 0, limit
	for low < high {
		mid := (low + high + 1) / 2
		if ok(mid) {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}

// joinPieces merges neighbours of one style: fewer objects to draw, and the
// letters between two words keep their kerning.
func joinPieces(line []piece) []piece {
	var out []piece
	for _, p := range line {
		if n := len(out); n > 0 && out[n-1].bold == p.bold && out[n-1].color == p.color {
			out[n-1].text += p.text
			continue
		}
		out = append(out, p)
	}
	return out
}

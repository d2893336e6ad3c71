package kit_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/ui/kit"
)

const long = "a text that needs more than one line where it has little room"

// drawn are the letters of a text as they are set, and in which colour.
func drawn(x *kit.Text) (out []canvas.Text) {
	for _, o := range test.WidgetRenderer(x).Objects() {
		out = append(out, *o.(*canvas.Text))
	}
	return out
}

// What a text remembers of its measures is forgotten when it says something else,
// gets another width, another colour or another size of letters.
func TestAMeasuredTextIsMeasuredAnewWhenItChanges(t *testing.T) {
	inLook(t, kit.Light)
	x := kit.NewText(long).Wrapped(0)
	inWindow(t, x, fyne.NewSize(200, 300))
	one, many := x.HeightFor(2000), x.HeightFor(100)
	if many <= one || x.HeightFor(2000) != one || x.HeightFor(100) != many {
		t.Fatalf("one line is %v high, many are %v", one, many)
	}
	lines := len(drawn(x))
	x.Resize(fyne.NewSize(100, 300))
	if len(drawn(x)) <= lines {
		t.Errorf("%d lines at half the width, %d before", len(drawn(x)), lines)
	}
	light := drawn(x)[0].Color
	x.In(kit.ColorStill).Refresh()
	if drawn(x)[0].Color == light {
		t.Error("the other colour is not shown")
	}
	x.Set("short")
	if got := x.HeightFor(100); got != one || len(drawn(x)) != 1 || drawn(x)[0].Text != "short" {
		t.Errorf("a short text is %v high and shows %+v", got, drawn(x))
	}
	red := drawn(x)[0].Color
	fyne.CurrentApp().Settings().SetTheme(kit.NewTheme(kit.Dark, 2))
	x.Refresh()
	if got := drawn(x)[0]; x.HeightFor(100) <= one || got.Color == red || got.TextSize < 1.9*15 {
		t.Errorf("in the dark and twice as large it is %v high, %+v", x.HeightFor(100), got)
	}
}

// tableOf is a table of rows that counts how often its rows are filled.
func tableOf(t *testing.T, rows []int, filled *int) *kit.DataTable[int] {
	table := kit.NewDataTable(kit.TableConfig[int]{New: func() kit.DataRow[int] {
		return &countedRow{numberRow: numberRow{kit.NewText("")}, filled: filled}
	}})
	table.SetRows(rows)
	inWindow(t, table.Content(), fyne.NewSize(300, 600))
	return table
}

type countedRow struct {
	numberRow
	filled *int
}

func (r *countedRow) Set(n int) {
	*r.filled++
	r.numberRow.Set(n)
}

// Of a table whose rows are as many as before, only those that say something else
// are filled again: once to measure it and once to show it.
func TestOnlyChangedRowsAreFilledAgain(t *testing.T) {
	inLook(t, kit.Light)
	filled := 0
	table := tableOf(t, []int{1, 2, 3, 4, 5}, &filled)
	for _, c := range []struct {
		rows []int
		want int
	}{{[]int{1, 2, 3, 4, 5}, 0}, {[]int{1, 2, 30, 4, 5}, 2}, {[]int{10, 2, 30, 4, 50}, 4}} {
		filled = 0
		table.SetRows(c.rows)
		if filled != c.want {
			t.Errorf("%v: filled %d times, want %d", c.rows, filled, c.want)
		}
	}
}

// A page that is updated sets its parts anew: what became higher moves what is
// below. The twin only changes the part.
func TestAnUpdatedPageMovesWhatIsBelow(t *testing.T) {
	inLook(t, kit.Light)
	for _, update := range []bool{true, false} {
		above, below := kit.NewText("short").Wrapped(0), kit.NewText("below")
		p := kit.NewPage(kit.NewSheet("", kit.NewColumn(0, above, below)))
		inWindow(t, p, fyne.NewSize(400, 600))
		before := below.Position().Y
		above.Set(long + ", " + long + ", " + long)
		if update {
			p.Update()
		}
		if moved := below.Position().Y > before; moved != update {
			t.Errorf("updated: %v; what is below moved: %v", update, moved)
		}
	}
}

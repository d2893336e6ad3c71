package permissions

import (
	"reflect"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// setLadder offers the ways to go on where one failed, with what each would stop.
func (r *Review) setLadder(l view.Ladder) {
	if r.commands.Step == nil {
		l = view.Ladder{}
	}
	kit.SetVisible(r.ladder, l.Title != "")
	if reflect.DeepEqual(l, r.ladderOf) {
		return // the buttons stay, and with them the focus
	}
	r.ladderOf, r.ladder.Objects = l, nil
	if l.Title == "" {
		return
	}
	column := kit.NewColumn(2*kit.Step, kit.NewText(l.Text).Wrapped(0))
	if len(l.Stops) > 0 {
		column.Add(kit.NewText(alsoLine(l.Stops)).Wrapped(0).In(kit.ColorSoon))
	}
	ways := kit.NewFlow(2 * kit.Step)
	for _, w := range l.Ways {
		ways.Add(kit.NewButton(w.Label, kit.Danger, func() { r.commands.Step(r.ladderOf.Action, w.Step) }))
	}
	r.ladder.Add(kit.NewSheet(l.Title, column, ways))
}

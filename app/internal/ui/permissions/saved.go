package permissions

import (
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// setSaved offers to save the permission alone, and says what became of it.
func (r *Review) setSaved(s view.Review) {
	if r.commands.Save == nil {
		s.Save = view.ActionLink{}
	}
	kit.SetWord(r.save, s.Save.Label)
	kit.SetBusy(r.save, s.Saved.Busy)
	kit.SetVisible(r.saved, s.Saved.Line != "")
	if s.Saved == r.savedOf {
		return
	}
	r.savedOf, r.saved.Objects = s.Saved, nil
	if s.Saved.Line != "" {
		r.saved.Add(kit.NewNotice(s.Saved.Severity, "", s.Saved.Line, "", nil))
	}
}

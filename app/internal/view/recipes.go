package view

import (
	"cmp"
	"slices"

	"bestbefore/app/internal/engine"
)

// ConnectorFiles is the part of the connectors page about connectors as files.
type ConnectorFiles struct {
	Title string
	Hint  string
	Add   ActionLink // "Add a connector file …"
	Look  FileLook   // the file that was chosen; the zero one when there is none
	Rows  []FileRow
}

// FileLook is what the household is asked before a file is used.
type FileLook struct {
	Title   string // "Strava access of one app"; "" when there is none
	By      string // "by An example"
	Lines   []FileLine
	Faults  []string // each with its line and column
	WayOut  string   // what to do about faults
	Print   string   // the fingerprint of just this file
	Approve ActionLink
	Close   ActionLink
	Busy    bool
	Error   string
}

// FileLine is a word and what it is in this file: "speaks to", "www.strava.com".
type FileLine struct{ Word, Text string }

// FileRow is one file that is kept here.
type FileRow struct {
	File   string
	Name   string
	Line   string // "approved 3 May · speaks to www.strava.com"
	Pill   string
	State  Severity
	Faults []string
	Remove ActionLink // ID is the kind; Label "" where it cannot be removed from here
	Sure   string
}

// FilesInput is what that part is made of.
type FilesInput struct {
	All   []engine.RecipeInfo
	Look  *engine.RecipeInfo
	File  string // the name of the file that was looked at
	Busy  bool
	Error string
}

// The states of a connector file, as the engine names them.
const (
	fileApproved = "approved"
	fileChanged  = "changed"
	fileBroken   = "broken"
)

// Files is the part about connectors as files.
func (p Presenter) Files(in FilesInput) ConnectorFiles {
	out := ConnectorFiles{
		Title: p.T("Connectors as files"), Add: ActionLink{ID: "add", Label: p.T("Add a connector file …")},
		Hint: p.T("Somebody wrote a connector for a system that is missing here? Choose its file, or drop it on this window. It is used only after you approved just that file."),
	}
	if in.Look != nil {
		out.Look = p.fileLook(*in.Look, in)
	} else if in.Error != "" {
		out.Look = FileLook{Title: clean(in.File), Error: cleanText(in.Error), Close: ActionLink{ID: "close", Label: p.T("Close")}}
	}
	for _, i := range in.All {
		out.Rows = append(out.Rows, p.fileRow(i))
	}
	slices.SortStableFunc(out.Rows, func(a, b FileRow) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func (p Presenter) fileLook(i engine.RecipeInfo, in FilesInput) FileLook {
	l := FileLook{Title: clean(i.Spec.Name), Busy: in.Busy, Error: cleanText(in.Error), Close: ActionLink{ID: "close", Label: p.T("Do not use it")}}
	if len(i.Faults) > 0 {
		l.Title, l.Close.Label = p.T("%s cannot be used", clean(in.File)), p.T("Close")
		for _, f := range i.Faults {
			l.Faults = append(l.Faults, capital(sentence(cleanText(f))))
		}
		l.WayOut = p.T("Mend these lines in the file, or ask whoever wrote it, and choose it again. Nothing was kept.")
		return l
	}
	if by := clean(i.Author); by != "" {
		l.By = p.T("by %s, says the file", by)
	}
	add := func(word, text string) {
		if text != "" {
			l.Lines = append(l.Lines, FileLine{word, text})
		}
	}
	add(p.T("sees"), cleanText(i.Spec.Sees))
	add(p.T("stops"), cleanText(i.Spec.Stops))
	add(p.T("lists"), clean(i.Spec.Access))
	add(p.T("speaks to"), p.filePlaces(i))
	add(p.T("asks you"), p.fileAsks(i))
	for _, n := range i.Spec.Needs {
		add(p.T("needs"), cleanText(n))
	}
	if i.State == fileChanged {
		add(p.T("before"), p.T("Another file of this kind was approved %s; this one takes its place.", p.sinceDay(i.Approved)))
	}
	l.Print = p.T("Fingerprint (SHA-256) %s", i.SHA256)
	switch i.State {
	case fileApproved:
		l.Close.Label, l.By = p.T("Close"), p.T("You approved just this file %s already.", p.sinceDay(i.Approved))
	default:
		l.Approve = ActionLink{ID: i.SHA256, Label: p.T("Approve and use it")}
	}
	return l
}

func (p Presenter) filePlaces(i engine.RecipeInfo) string {
	var out []string
	for _, x := range i.Places {
		out = append(out, cleanText(x))
	}
	if len(out) == 0 {
		return p.T("nobody")
	}
	return p.T("%s, and to nobody else", p.List(out))
}

// fileAsks names the answers that it wants; secrets never reach the file.
func (p Presenter) fileAsks(i engine.RecipeInfo) string {
	var plain, secret []string
	for _, o := range i.Spec.Options {
		if o.Secret {
			secret = append(secret, clean(o.Label))
		} else if o.Required {
			plain = append(plain, clean(o.Label))
		}
	}
	line := p.List(plain)
	if len(secret) > 0 {
		if line != "" {
			line += " · "
		}
		line += p.T("%s, kept sealed: the file never sees it", p.List(secret))
	}
	return line
}

func (p Presenter) fileRow(i engine.RecipeInfo) FileRow {
	r := FileRow{File: clean(i.File), Name: cmp.Or(clean(i.Spec.Name), clean(i.File))}
	switch i.State {
	case fileApproved:
		r.Pill, r.State = p.T("approved"), Fresh
		r.Line = p.T("approved %[1]s · speaks to %[2]s", p.sinceDay(i.Approved), p.filePlaces(i))
	case fileBroken:
		r.Pill, r.State = p.T("cannot be used"), Still
		r.Line = p.T("Mend these lines in %s, or delete that file from the data folder.", clean(i.File))
		for _, f := range i.Faults {
			r.Faults = append(r.Faults, capital(sentence(cleanText(f))))
		}
	case fileChanged:
		r.Pill, r.State = p.T("not used"), Soon
		r.Line = p.T("It is not the file that you approved. Add it again to approve it, or remove it.")
	default:
		r.Pill, r.State = p.T("not used"), Soon
		r.Line = p.T("It lies in the data folder, and nobody approved it. Add it from there to approve it, or remove it.")
	}
	if i.Spec.Kind != "" {
		r.Remove = ActionLink{ID: i.Spec.Kind, Label: p.T("Remove")}
		r.Sure = p.T("The file is deleted here. A connection that uses it must be removed first.")
	}
	return r
}

// FileAdded says that a file may be connected now.
func (p Presenter) FileAdded(i engine.RecipeInfo) string {
	return p.T("%s can be connected now.", clean(i.Spec.Name))
}

// FileRemoved says that a file is gone.
func (p Presenter) FileRemoved() string { return p.T("Removed. The connector is no longer offered.") }

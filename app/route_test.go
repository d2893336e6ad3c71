package main

import (
	"testing"

	"bestbefore/app/internal/view"
)

// T50: a link names a permission and the version it spoke of; the permission is
// opened whatever was decided since; its page shows the newest version, and says
// what was decided since the one that was spoken of.
func TestT50ALinkWithAVersionOpensItsPermission(t *testing.T) {
	for link, want := range map[string]view.Route{
		"consent/cabc@1":   {Page: view.PageReview, Arg: "cabc", Version: 1},
		"consent/cabc@12":  {Page: view.PageReview, Arg: "cabc", Version: 12},
		"consent/cabc@-3":  {Page: view.PageReview, Arg: "cabc"},
		"consent/cabc@x":   {Page: view.PageReview, Arg: "cabc"},
		"consent/cabc":     {Page: view.PageReview, Arg: "cabc"},             // of an older program
		`"consent/cabc@1"`: {Page: view.PageReview, Arg: "cabc", Version: 1}, // as some desktops pass it
		"device/dxyz":      {Page: view.PageDevice, Arg: "dxyz"},
		"permissions":      {Page: "permissions"},
	} {
		if got, ok := route(link); !ok || got != want {
			t.Errorf("%s: %+v, %v", link, got, ok)
		}
	}
	if r, ok := route(""); ok {
		t.Errorf("the twin: no link opens %+v", r)
	}
}

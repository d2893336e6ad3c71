package recipe

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func shelf(t *testing.T) *Shelf {
	t.Helper()
	s, err := NewShelf(ShelfConfig{
		Dir: filepath.Join(t.TempDir(), "recipes"), Now: func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) },
		Taken: func(kind string) bool { return kind == "mqtt" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func inUse(t *testing.T, s *Shelf) []string {
	t.Helper()
	cs, err := s.Connectors()
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, c := range cs {
		out = append(out, c.Spec().Kind)
	}
	return out
}

func only(t *testing.T, s *Shelf) Item {
	t.Helper()
	items, err := s.Items()
	if err != nil || len(items) != 1 {
		t.Fatalf("items %+v, %v", items, err)
	}
	return items[0]
}

// A file that was dropped is seen, and used only once it is approved; changed, it asks again.
func TestOnlyTheApprovedFileIsUsed(t *testing.T) {
	s := shelf(t)
	if items, err := s.Items(); err != nil || len(items) != 0 {
		t.Fatalf("without a folder: %v, %v", items, err)
	}
	text := recipeText(t, "strava")
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "dropped.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	it := only(t, s)
	if it.State != StateNew || len(inUse(t, s)) != 0 {
		t.Fatalf("dropped: %s, in use %v", it.State, inUse(t, s))
	}
	if _, err := s.Add(text, strings.Repeat("0", 64)); err == nil {
		t.Error("approved by another sum")
	}
	if _, err := s.Add(text, it.SHA256); err != nil {
		t.Fatal(err)
	}
	if it = only(t, s); it.State != StateApproved || it.File != "strava.yaml" || !slices.Equal(inUse(t, s), []string{"strava"}) {
		t.Fatalf("approved: %+v, in use %v", it, inUse(t, s))
	}
	changed := strings.Replace(string(text), "hosts: [www.strava.com]", "hosts: [www.strava.com, evil.example]", 1)
	if err := os.WriteFile(filepath.Join(s.dir, "strava.yaml"), []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	if it = only(t, s); it.State != StateChanged || len(inUse(t, s)) != 0 {
		t.Errorf("changed: %s, in use %v", it.State, inUse(t, s))
	}
	if _, err := s.Add([]byte(changed), it.SHA256); err != nil || len(inUse(t, s)) != 1 {
		t.Errorf("approved anew: %v, in use %v", err, inUse(t, s))
	}
	if ok, err := s.Remove("strava"); err != nil || !ok {
		t.Errorf("removing: %v, %v", ok, err)
	}
	if items, _ := s.Items(); len(items) != 0 {
		t.Errorf("left: %+v", items)
	}
	if ok, _ := s.Remove("strava"); ok {
		t.Error("removed twice")
	}
}

func TestWhatCannotBeKept(t *testing.T) {
	s := shelf(t)
	text := string(recipeText(t, "strava"))
	for name, bad := range map[string]string{
		"broken":    strings.Replace(text, "probe:", "prove:", 1),
		"our kind":  strings.Replace(text, "kind: strava", "kind: mqtt", 1),
		"no recipe": "hello",
		"a path":    strings.Replace(text, "kind: strava", "kind: ../../x", 1),
	} {
		it, err := s.Look([]byte(bad))
		if err != nil || it.State != StateBroken || len(it.Faults) == 0 {
			t.Errorf("%s: %+v, %v", name, it, err)
		}
		if _, err := s.Add([]byte(bad), it.SHA256); err == nil {
			t.Errorf("%s is kept", name)
		}
	}
	if _, err := os.Stat(s.dir); err == nil {
		t.Error("a folder was made for nothing")
	}
}

// Approvals that cannot be read approve nothing; a link leads nowhere.
func TestDamagedApprovals(t *testing.T) {
	s := shelf(t)
	text := recipeText(t, "strava")
	it, _ := s.Look(text)
	if _, err := s.Add(text, it.SHA256); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, approvalsFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := inUse(t, s); len(got) != 0 {
		t.Errorf("in use %v", got)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(s.dir, "link.yaml")); err != nil {
		t.Skip(err)
	}
	if it := only(t, s); it.File != "strava.yaml" {
		t.Errorf("%+v", it)
	}
}

// A file from outside may not make the program knock at the router; without that
// one line the very same file is taken.
func TestAFileFromOutsideMayNotKnock(t *testing.T) {
	text := strings.Replace(string(recipeText(t, "opnsense")), "kind: opnsense", "kind: mine", 1)
	it, err := shelf(t).Look([]byte(text))
	if err != nil || it.State != StateBroken || len(it.Faults) == 0 || !strings.Contains(it.Faults[0].Text, "knocks") || it.Faults[0].Line < 2 {
		t.Errorf("%s %+v, %v", it.State, it.Faults, err)
	}
	before, rest, _ := strings.Cut(text, "knocks:\n")
	_, after, _ := strings.Cut(rest, "\n")
	if it, err = shelf(t).Look([]byte(before + after)); err != nil || it.State != StateNew {
		t.Errorf("without it: %s %+v, %v", it.State, it.Faults, err)
	}
}

package store

import (
	"errors"
	"io/fs"
	"testing"
)

func TestOwnedSeesALivingOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	if _, err := Owned(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a folder that never was one: %v", err)
	}
	l, err := lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if owned, err := Owned(dir); err != nil || !owned {
		t.Errorf("while it is locked: %v %v", owned, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // asking leaves no lock behind
		if owned, err := Owned(dir); err != nil || owned {
			t.Errorf("after its owner is gone: %v %v", owned, err)
		}
	}
}

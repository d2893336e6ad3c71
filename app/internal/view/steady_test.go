package view

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRowsStayWhereTheyWereShown(t *testing.T) {
	same := func(s string) string { return s }
	_, order := Steady(nil, []string{"a", "b"}, same)
	rows, order := Steady(order, []string{"c", "b", "a"}, same)
	if d := cmp.Diff([]string{"a", "b", "c"}, rows); d != "" {
		t.Error(d)
	}
	rows, _ = Steady(order, []string{"c", "a"}, same)
	if d := cmp.Diff([]string{"a", "c"}, rows); d != "" {
		t.Error(d)
	}
	if rows, _ = Steady(nil, []string{"c", "a"}, same); rows[0] != "c" {
		t.Error("a new beginning keeps an old order")
	}
}

package view

import (
	"cmp"
	"slices"
)

// Steady keeps rows in the order in which they were first shown, so that
// figures that grow move nothing away under somebody's pointer; new ones come
// after them. order is what the last call returned as second value; nil begins anew.
func Steady[R any](order []string, rows []R, id func(R) string) ([]R, []string) {
	out := slices.Clone(rows)
	order = slices.Clone(order)
	for _, r := range rows {
		if !slices.Contains(order, id(r)) {
			order = append(order, id(r))
		}
	}
	slices.SortStableFunc(out, func(a, b R) int {
		return cmp.Compare(slices.Index(order, id(a)), slices.Index(order, id(b)))
	})
	return out, order
}

package recipe

import "testing"

func TestShippedParse(t *testing.T) {
	all, err := Shipped()
	if err != nil {
		for _, f := range Faults(err) {
			t.Error(f)
		}
	}
	t.Log(len(all))
}

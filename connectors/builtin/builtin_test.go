package builtin

import "testing"

func TestEveryConnectorDescribesItself(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	specs := all.Specs()
	if len(specs) == 0 {
		t.Fatal("nothing is shipped")
	}
	for _, s := range specs {
		if s.Kind == "" || s.Name == "" || s.Sees == "" || s.Stops == "" {
			t.Errorf("%q does not say what it is, sees and stops: %+v", s.Kind, s)
		}
		if c, ok := all.Get(s.Kind); !ok || c.Spec().Kind != s.Kind {
			t.Errorf("%q cannot be found by its kind", s.Kind)
		}
		keys := map[string]bool{}
		for _, o := range s.Options {
			if o.Key == "" || o.Label == "" || keys[o.Key] {
				t.Errorf("%s: option %q has no label or occurs twice", s.Kind, o.Key)
			}
			keys[o.Key] = true
		}
	}
}

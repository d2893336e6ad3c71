package picture

import (
	"reflect"
	"slices"
	"strings"
)

// LongScreens are the same screens with texts as long as they get: half as long
// again as English, with the compound words of German. Pages with a table are not
// among them: a table cuts its texts, and sets columns without room out of sight.
func LongScreens() []Screen {
	return slices.DeleteFunc(screens(lengthen), func(s Screen) bool {
		return slices.Contains([]string{"devices", "device", "flows", "diary"}, s.Name)
	})
}

// lengthen makes the strings of the snapshot that v points to longer. IDs,
// stamps and the amounts of bars stay.
func lengthen(v any) { stretch(reflect.ValueOf(v).Elem(), "") }

func stretch(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			stretch(v.Field(i), v.Type().Field(i).Name)
		}
	case reflect.Slice:
		for i := range v.Len() {
			stretch(v.Index(i), name)
		}
	case reflect.String:
		if v.String() == "" || !v.CanSet() || !grows(v.Type(), name) {
			return
		}
		words := strings.Split(v.String(), " ")
		words[len(words)-1] += "verwaltungsgesellschaft"
		v.SetString(strings.Join(words, " ") + " und mehr")
	}
}

func grows(t reflect.Type, name string) bool {
	if t != reflect.TypeFor[string]() || strings.HasSuffix(name, "ID") {
		return false
	}
	switch name {
	case "Value", "Count", "Arg", "StampText", "StampCaption", "Ends", "When", "StateWord":
		return false
	}
	return true
}

package store

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"

	"bestbefore/consent"
)

// known are the fields of a permission that this program knows.
var known = fields(reflect.TypeFor[consent.Consent]())

func fields(t reflect.Type) map[string]bool {
	out := map[string]bool{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		out[strings.ToLower(name)] = true
	}
	return out
}

// keepUnknown carries into the body of a permission's next version what an
// earlier one holds and this program does not know: a newer program wrote it,
// and will look for it when it is back (T22).
func keepUnknown(before, next string) string {
	var old, now map[string]json.RawMessage
	if before == "" || json.Unmarshal([]byte(before), &old) != nil {
		return next // a damaged one has nothing to keep
	}
	maps.DeleteFunc(old, func(key string, _ json.RawMessage) bool { return known[strings.ToLower(key)] })
	if len(old) == 0 || json.Unmarshal([]byte(next), &now) != nil {
		return next
	}
	maps.Copy(now, old)
	b, err := json.Marshal(now)
	if err != nil {
		return next
	}
	return string(b)
}

package store

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"

	"bestbefore/consent"
)

// keepUnknown carries into the body of a permission's next version what an
// earlier one holds and this program does not know: a newer program wrote it,
// and will look for it when it is back (T22).
func keepUnknown(before, next string) string {
	var old, now map[string]json.RawMessage
	if json.Unmarshal([]byte(before), &old) != nil || json.Unmarshal([]byte(next), &now) != nil {
		return next // a damaged one has nothing to keep
	}
	known := map[string]bool{}
	for t, i := reflect.TypeFor[consent.Consent](), 0; i < t.NumField(); i++ {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		known[strings.ToLower(name)] = true
	}
	maps.DeleteFunc(old, func(key string, _ json.RawMessage) bool { return known[strings.ToLower(key)] })
	if len(old) == 0 {
		return next
	}
	maps.Copy(now, old)
	b, err := json.Marshal(now)
	if err != nil {
		return next
	}
	return string(b)
}

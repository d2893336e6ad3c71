package openwrt

import (
	"fmt"
	"maps"
)

func (r *router) uci(id, method string, a map[string]any, may rights) (int, any) {
	config := fmt.Sprint(a["config"])
	verb := map[string]string{"get": "read", "changes": "read"}[method]
	if verb == "" {
		verb = "write"
	}
	if method != "apply" && method != "confirm" && !may.may("uci", config, verb) { // checked: method granted, package not → [6]
		return 6, nil
	}
	if config == "system" {
		sys := map[string]any{".type": "system", "zonename": "Europe/Berlin", "timezone": "CET-1CEST,M3.5.0,M10.5.0/3"}
		if r.noPOSIX {
			delete(sys, "timezone")
		}
		return 0, map[string]any{"values": map[string]any{"cfg01": sys}}
	}
	switch method {
	case "get":
		view := r.view(id)
		if name, one := a["section"].(string); one {
			if view[name] == nil {
				return 0, nil // checked: code 0 and no data
			}
			return 0, map[string]any{"values": view[name]}
		}
		return 0, map[string]any{"values": view}
	case "changes":
		var out [][]string
		for _, c := range r.staged[id] {
			out = append(out, []string{map[bool]string{true: "remove", false: "add"}[c.delete], c.name, "rule"})
		}
		return 0, map[string]any{"changes": out}
	case "add":
		values, _ := a["values"].(map[string]any)
		name := fmt.Sprint(a["name"])
		if old := r.view(id)[name]; old != nil { // documented: lists are added to
			values["src_mac"] = append(texts(old["src_mac"]), texts(values["src_mac"])...)
		}
		values[".type"], values[".name"], values[".anonymous"] = "rule", name, false
		r.staged[id] = append(r.staged[id], change{name: name, values: values})
		return 0, map[string]any{"section": name}
	case "delete":
		name := fmt.Sprint(a["section"])
		if r.view(id)[name] == nil {
			return 4, nil
		}
		r.staged[id] = append(r.staged[id], change{delete: true, name: name})
		return 0, nil
	}
	return r.uciWrite(id, method)
}

// view is the firewall's settings as one session sees them.
func (r *router) view(id string) map[string]map[string]any {
	out := maps.Clone(r.saved)
	for _, c := range r.staged[id] {
		if c.delete {
			delete(out, c.name)
		} else {
			out[c.name] = c.values
		}
	}
	return out
}

func (r *router) uciWrite(id, method string) (int, any) {
	switch method {
	case "commit", "revert":
		if r.pending != "" { // documented: refused while an apply waits
			return 6, nil
		}
		if method == "commit" {
			r.saved = r.view(id)
			r.reload()
		}
		delete(r.staged, id)
	case "apply":
		if r.pending != "" { // checked: [6]
			return 6, nil
		}
		r.pending, r.before = id, r.saved
		r.saved = r.view(id)
		r.reload()
		if r.noConfirm { // checked: back by itself, and the edit is still staged
			r.saved, r.pending = r.before, ""
			r.reload()
			return 0, nil
		}
		delete(r.staged, id)
	case "confirm":
		if r.pending == "" {
			return 5, nil
		}
		if r.pending != id {
			return 6, nil
		}
		r.pending = ""
	default:
		return 3, nil
	}
	return 0, nil
}

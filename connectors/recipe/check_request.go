package recipe

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"bestbefore/assets/words"
	"bestbefore/consent"
)

// loops are what a step may be repeated for, and the name that it fills.
var loops = map[string]string{"macs": "mac", "addresses": "address", "addresses4": "address", "addresses6": "address"}

func (c *checker) steps(where string, steps []Step, known []string) {
	if len(steps) > verbMax {
		c.fault(where, words.Sprintf("at most %d steps", verbMax))
	}
	saved := map[string][]string{}
	for i, s := range steps {
		at := fmt.Sprintf("%s[%d]", where, i)
		names := slices.Clone(known)
		for name, fs := range saved {
			for _, f := range fs {
				names = append(names, name+"."+f)
			}
		}
		if s.Each != "" {
			one, loop := loops[s.Each]
			fs, kept := saved[s.Each]
			switch {
			case loop && where == "block.steps":
				names = append(names, one)
			case kept:
				for _, f := range fs {
					names = append(names, "each."+f)
				}
			default:
				c.fault(at+".each", words.Text("each is the name of rows saved before or, in block, macs, addresses, addresses4 or addresses6"))
			}
		}
		c.request(at, s.Request, names)
		c.rows(at, s.Rows, names)
		if s.Save == "" && (s.Items != "" || len(s.Take) > 0) {
			c.fault(at, words.Text("what is taken needs a name: save"))
		}
		if s.Save != "" {
			if !keyForm.MatchString(s.Save) || slices.Contains(reserved, s.Save) || loops[s.Save] != "" {
				c.fault(at+".save", words.Text("save is a name of lower-case letters that stands for nothing else"))
			}
			saved[s.Save] = append(saved[s.Save], slices.Sorted(maps.Keys(s.Take))...)
		}
	}
}

// fields are the names of the rows' fields after a word: "row.id".
func (r Rows) fields(word string) []string {
	var out []string
	for f := range r.Take {
		out = append(out, word+"."+f)
	}
	for f := range r.Set {
		out = append(out, word+"."+f)
	}
	return out
}

func (c *checker) rows(where string, r Rows, known []string) {
	c.path(where+".items", r.Items)
	c.conds(where+".where", r.Where, known, false)
	for f, p := range r.Take {
		if !keyForm.MatchString(f) {
			c.fault(under(where+".take", f), words.Sprintf("the field %q must be lower-case letters, digits and _", f))
		}
		if _, twice := r.Set[f]; twice {
			c.fault(under(where+".set", f), words.Sprintf("%q stands in take and in set", f))
		}
		c.path(under(where+".take", f), p)
	}
	for f := range r.Set {
		if !keyForm.MatchString(f) {
			c.fault(under(where+".set", f), words.Sprintf("the field %q must be lower-case letters, digits and _", f))
		}
	}
}

// method gives the method of a request and where it goes; false unless there is exactly one.
func (q Request) method() (method, at string, ok bool) {
	n := 0
	for _, m := range []struct{ name, at string }{{"GET", q.Get}, {"POST", q.Post}, {"PUT", q.Put}, {"PATCH", q.Patch}, {"DELETE", q.Delete}} {
		if m.at != "" {
			method, at = m.name, m.at
			n++
		}
	}
	return method, at, n == 1
}

// names are all names that a request fills in.
func (q Request) names() []string {
	_, at, _ := q.method()
	texts := []string{at}
	for _, m := range []map[string]string{q.Query, q.Headers, q.Form} {
		texts = slices.AppendSeq(texts, maps.Values(m))
	}
	texts = append(texts, leaves(&q.JSON)...)
	var out []string
	for _, s := range texts {
		if t, err := parseTemplate(s); err == nil {
			out = append(out, t.names()...)
		}
	}
	return out
}

// leaves are the texts of a tree.
func leaves(n *yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		if n.Tag == "!!str" {
			return []string{n.Value}
		}
		return nil
	}
	var out []string
	for i, in := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 {
			out = append(out, leaves(in)...)
		}
	}
	return out
}

func (c *checker) request(where string, q Request, known []string) {
	method, at, ok := q.method()
	if !ok {
		c.fault(where, words.Text("exactly one of get, post, put, patch and delete says where the request goes"))
		return
	}
	base := c.r.Base
	if q.Base != "" {
		base = q.Base
	}
	place, err := c.r.place(base)
	if err != nil {
		c.fault(where+".base", err.Error())
		return
	}
	if !strings.HasPrefix(at, "/") || strings.HasPrefix(at, "//") || strings.ContainsAny(at, "?#\\ \t\r\n") || strings.Contains(at, "..") {
		c.fault(where+"."+strings.ToLower(method), words.Text("a path begins with one / and has no ?, # and ..; questions belong into query"))
	}
	if q.Form != nil && q.JSON.Kind != 0 || method == "GET" && (q.Form != nil || q.JSON.Kind != 0) {
		c.fault(where, words.Text("a request has one body, form or json, and get has none"))
	}
	known = slices.Concat(known, c.plainNames(), []string{"now_unix", "now_ms", "now_rfc3339"})
	atHome := slices.ContainsFunc(c.r.Options, func(o Option) bool { return o.Key == place })
	inAddress := ""
	if atHome { // some boxes want their key there; on the internet addresses are written into logs
		inAddress = place
	}
	c.template(where+"."+strings.ToLower(method), at, known, inAddress)
	for k, v := range q.Query {
		c.template(under(where+".query", k), v, known, "")
	}
	for _, v := range q.Form {
		c.template(where+".form", v, known, place)
	}
	for _, v := range leaves(&q.JSON) {
		c.template(where+".json", v, known, place)
	}
	c.headers(where+".headers", q.Headers, known, place)
	c.headers("headers", c.r.Headers, known, place)
	c.template("login", c.r.Login.User, known, place)
	c.template("login", c.r.Login.Password, known, place)
	for _, s := range q.OK {
		c.status(where+".ok", s)
	}
	c.conds(where+".none", q.Nothing, known, true)
	for i, e := range q.Errors {
		c.errorRule(fmt.Sprintf("%s.errors[%d]", where, i), e, known)
	}
	for i, e := range c.r.Errors {
		c.errorRule(fmt.Sprintf("errors[%d]", i), e, c.plainNames())
	}
}

func (c *checker) headers(where string, h map[string]string, known []string, place string) {
	for k, v := range h {
		if !headForm.MatchString(k) || slices.Contains([]string{"host", "content-length", "connection", "transfer-encoding", "cookie", "upgrade", "te", "trailer", "expect"}, strings.ToLower(k)) || strings.HasPrefix(strings.ToLower(k), "proxy-") {
			c.fault(under(where, k), words.Sprintf("the header %q is not for a recipe to set", k))
		}
		if strings.ContainsAny(v, "\r\n\x00") {
			c.fault(under(where, k), words.Text("a header is one line"))
		}
		c.template(under(where, k), v, known, place)
	}
}

func (c *checker) errorRule(where string, e ErrorRule, known []string) {
	if !slices.Contains(kinds, consent.ErrorKind(e.Kind)) || e.Text == "" {
		c.fault(where, words.Text("an error has a text and a kind: transient, sign_in, unsupported, permanent or needs_person"))
	}
	c.cond(where+".when", e.When, known, true)
	c.path(where+".say", e.Say)
}

func (c *checker) conds(where string, cs []Cond, known []string, answer bool) {
	for i, x := range cs {
		c.cond(fmt.Sprintf("%s[%d]", where, i), x, append(slices.Clone(known), c.plainNames()...), answer)
	}
}

func (c *checker) cond(where string, x Cond, known []string, answer bool) {
	c.path(where+".path", x.Path)
	tests := 0
	for _, s := range []*string{x.Equals, x.Not, x.Starts, x.Has} {
		if s != nil {
			tests++
			c.template(where, *s, known, "")
		}
	}
	if x.Exists != nil {
		tests++
	}
	for _, s := range x.Status {
		c.status(where+".status", s)
	}
	if len(x.Status) > 0 && !answer {
		c.fault(where+".status", words.Text("a state belongs to an answer, not to an item of it"))
	}
	if tests > 1 || tests == 0 && (x.Path != "" || len(x.Status) == 0) {
		c.fault(where, words.Text("a condition has one of equals, not, starts, has and exists, or a status"))
	}
}

func (c *checker) status(where string, s int) {
	if s < 200 || s > 599 {
		c.fault(where, words.Sprintf("%d is no state of an answer", s))
	}
}

func (c *checker) path(where, s string) {
	if _, err := parsePath(s); err != nil {
		c.fault(where, err.Error())
	}
}

// plainNames are the options that are no secrets.
func (c *checker) plainNames() []string {
	var out []string
	for _, o := range c.r.Options {
		if o.Type != typeSecret {
			out = append(out, o.Key)
		}
	}
	return out
}

// template wants known names only. place is where it is sent; "" is nowhere that a secret may go.
func (c *checker) template(where, s string, known []string, place string) {
	t, err := parseTemplate(s)
	if err != nil {
		c.fault(where, err.Error())
		return
	}
	for _, n := range t.names() {
		key, secret := strings.CutPrefix(n, "secret:")
		if !secret {
			if !slices.Contains(known, n) {
				c.fault(where, words.Sprintf("{{%s}} is not known here", n))
			}
			continue
		}
		o, ok := c.r.option(key)
		switch {
		case !ok || o.Type != typeSecret:
			c.fault(where, words.Sprintf("there is no secret %q among the options", key))
		case place == "":
			c.fault(where, words.Text("a secret may stand in headers, form, json and login only"))
		case !slices.Contains(c.r.goesTo(o), place):
			c.fault(where, words.Sprintf("the secret %q may not go to %s; say so in its to", key, place))
		}
	}
}

// goesTo is where a secret may go.
func (r *Recipe) goesTo(o Option) []string {
	if len(o.To) > 0 {
		return o.To
	}
	if at, err := r.place(r.Base); err == nil {
		return []string{at}
	}
	return nil
}

package discovery

import (
	"cmp"
	"slices"
	"strings"
)

// The bounds of one service: what a packet of 9,000 bytes may carry, less what
// nobody needs.
const (
	maxTXTStrings = 64
	maxTXTBytes   = 1300
	maxOnce       = 16
	maxName       = 255
)

// boundServices copies the services of s within their bounds.
func boundServices(s Sighting) []Service {
	in := s.Services[:min(len(s.Services), maxServices)]
	out := make([]Service, 0, len(in))
	for _, v := range in {
		if v.Type == "" || len(v.Type)+len(v.Instance)+len(v.Host)+len(v.Domain) > 3*maxName || v.Port < 0 || v.Port > 65535 {
			continue
		}
		v.TXT = boundTXT(v.TXT, maxTXTStrings)
		v.Once = boundTXT(v.Once, maxOnce)
		v.Addrs = slices.Clone(v.Addrs[:min(len(v.Addrs), maxAddresses)])
		slices.Sort(v.Addrs)
		if v.Source == "" {
			v.Source = s.Source
		}
		if v.Seen == 0 {
			v.Seen = At(s.At)
		}
		out = append(out, v)
	}
	return out
}

func boundTXT(in TXT, most int) TXT {
	var out TXT
	bytes := 0
	for _, t := range in[:min(len(in), most)] {
		if bytes += len(t); bytes > maxTXTBytes {
			break
		}
		out = append(out, t)
	}
	return out
}

func (e *entry) applyServices(o observation) (changed bool) {
	for _, s := range o.Services {
		changed = e.mergeService(s) || changed
	}
	return changed
}

// mergeService takes the newer of two accounts of one service, and reports
// whether anything but times differs.
func (e *entry) mergeService(s Service) bool {
	i := slices.IndexFunc(e.d.Services, func(x Service) bool {
		return strings.EqualFold(x.Type, s.Type) && strings.EqualFold(x.Instance, s.Instance)
	})
	if i < 0 {
		if len(e.d.Services) >= maxServices {
			i = e.leastService()
			if !e.d.Services[i].Gone {
				return false
			}
			e.d.Services[i] = s
			return true
		}
		e.d.Services = append(e.d.Services, s)
		return true
	}
	old := e.d.Services[i]
	if newer(old, s) {
		old, s = s, old
	}
	if s.Gone && s.Host == "" { // a goodbye may name no more than the instance
		s.Host, s.Port, s.TXT, s.Addrs = old.Host, old.Port, old.TXT, old.Addrs
	}
	s.Once = once(s, old)
	before := e.d.Services[i]
	e.d.Services[i] = s
	return !sameService(s, before)
}

// newer orders two accounts of one service: by time, and at the same time by
// what they say, so that the order in which they arrive does not matter.
func newer(a, b Service) bool {
	return cmp.Or(cmp.Compare(a.Seen, b.Seen), slices.Compare(a.TXT, b.TXT), slices.Compare(a.Addrs, b.Addrs),
		cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port)) > 0
}

// once gathers the TXT strings of old whose keys s no longer has.
func once(s, old Service) TXT {
	var out TXT
	for _, t := range slices.Concat(old.TXT, s.Once, old.Once) {
		key, _, _ := strings.Cut(t, "=")
		if _, ok := s.TXT.Get(key); ok || key == "" {
			continue
		}
		if _, ok := out.Get(key); !ok && len(out) < maxOnce {
			out = append(out, t)
		}
	}
	return out
}

// leastService is the service that makes room: one that left, the longest unseen first.
func (e *entry) leastService() int {
	least := 0
	for i, s := range e.d.Services {
		l := e.d.Services[least]
		if s.Gone && !l.Gone || s.Gone == l.Gone && s.Seen < l.Seen {
			least = i
		}
	}
	return least
}

func sameService(a, b Service) bool {
	return a.Type == b.Type && a.Instance == b.Instance && a.Domain == b.Domain && a.Host == b.Host && a.Port == b.Port &&
		a.Stale == b.Stale && a.Gone == b.Gone && slices.Equal(a.TXT, b.TXT) && slices.Equal(a.Once, b.Once) && slices.Equal(a.Addrs, b.Addrs)
}

func (e *entry) applyFacts(o observation) (changed bool) {
	for _, f := range o.Facts[:min(len(o.Facts), maxFacts)] {
		f.Key, f.Value, f.Of = string(Clean(f.Key)), string(CleanLong(f.Value)), string(Clean(f.Of))
		f.Source = cmp.Or(f.Source, o.Source)
		f.Seen = At(o.At)
		if f.Key != "" && f.Value != "" {
			changed = e.mergeFact(f) || changed
		}
	}
	return changed
}

// mergeFact keeps the newer value of one fact; Seen stays at the moment when
// this value was first read.
func (e *entry) mergeFact(f Fact) bool {
	i := slices.IndexFunc(e.d.Facts, func(x Fact) bool { return x.Key == f.Key && x.Source == f.Source && x.Of == f.Of })
	if i < 0 {
		if len(e.d.Facts) >= maxFacts {
			return false
		}
		e.d.Facts = append(e.d.Facts, f)
		return true
	}
	old := &e.d.Facts[i]
	if old.Value == f.Value {
		old.Seen = min(old.Seen, f.Seen)
		return false
	}
	if cmp.Or(cmp.Compare(f.Seen, old.Seen), cmp.Compare(f.Value, old.Value)) < 0 {
		return false
	}
	*old = f
	return true
}

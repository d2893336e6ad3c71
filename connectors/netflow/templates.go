package netflow

import (
	decode "github.com/netsampler/goflow2/v2/decoders/netflow"
)

// templateKey names a description within one source.
type templateKey struct {
	version uint16
	domain  uint32
	id      uint16
}

// templates are the descriptions that one source gave. It implements the
// decoder's NetFlowTemplateSystem.
type templates struct {
	of    map[templateKey]any
	watch *watch
}

var _ decode.NetFlowTemplateSystem = (*templates)(nil)

// AddTemplate keeps a description, or counts that it cannot be kept. It gives no
// error, since the decoder would throw away the rest of the message.
func (t *templates) AddTemplate(version uint16, domain uint32, id uint16, template any) error {
	k := templateKey{version, domain, id}
	if fs, ok := template.(decode.TemplateRecord); ok && len(fs.Fields) == 0 && version == 10 { // a withdrawal
		if id == 2 {
			clear(t.of)
		}
		delete(t.of, k)
		return nil
	}
	_, known := t.of[k]
	if id < 256 || !sound(template) || !known && len(t.of) >= maxTemplates {
		t.watch.note(func(w *watch) { w.refused++ })
		return nil
	}
	t.of[k] = template
	return nil
}

// GetTemplate gives a description of this source.
func (t *templates) GetTemplate(version uint16, domain uint32, id uint16) (any, error) {
	if x, ok := t.of[templateKey{version, domain, id}]; ok {
		return x, nil
	}
	return nil, decode.ErrorTemplateNotFound
}

// RemoveTemplate forgets a description.
func (t *templates) RemoveTemplate(version uint16, domain uint32, id uint16) (any, error) {
	x, err := t.GetTemplate(version, domain, id)
	delete(t.of, templateKey{version, domain, id})
	return x, err
}

// GetTemplates is part of the decoder's interface, which never asks for it.
func (*templates) GetTemplates() decode.FlowBaseTemplateSet { return nil }

// sound reports whether records by this description take up room. The decoder
// would read those that take none for ever.
func sound(template any) bool {
	var fields []decode.Field
	switch x := template.(type) {
	case decode.TemplateRecord:
		fields = x.Fields
	case decode.NFv9OptionsTemplateRecord:
		fields = append(append(fields, x.Scopes...), x.Options...)
	case decode.IPFIXOptionsTemplateRecord:
		fields = append(append(fields, x.Scopes...), x.Options...)
	}
	return len(fields) <= maxFields && decode.GetTemplateSize(0, fields) > 0
}

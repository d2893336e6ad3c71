package view

import (
	"cmp"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery/flow"
)

// addSecrecy notes how f was sent. Look-ups are not what is sent, and what was
// turned away went nowhere.
func (s *sent) addSecrecy(f engine.FlowInfo) {
	if f.Refused || f.BytesUp+f.BytesDown == 0 {
		return
	}
	how := cmp.Or(f.Secrecy, flow.Key{Protocol: flow.Protocol(f.Protocol), Port: f.Port}.Secrecy())
	if _, known := s.secrecy[how]; !known {
		s.secrecy[how] = portOf(f)
	}
}

// secrecy says of what one recipient gets whether it was encrypted; "probably"
// is what its ports suggest (see secrecyBy). The least secret part decides.
func (p Presenter) secrecy(s sent) string {
	if len(s.secrecy) == 0 {
		return ""
	}
	if _, open := s.secrecy[flow.UsualOpen]; open {
		if len(s.secrecy) > 1 {
			return p.T("in part probably not encrypted")
		}
		return p.T("probably not encrypted")
	}
	if _, unknown := s.secrecy[flow.SecrecyUnknown]; unknown {
		return p.T("whether it is encrypted is not known")
	}
	if _, usual := s.secrecy[flow.UsualEncrypted]; usual {
		return p.T("probably encrypted")
	}
	return p.T("encrypted, seen in a capture")
}

// secrecyBy is the port from which that is concluded; "" where it was seen, or is not known.
func (p Presenter) secrecyBy(s sent) string {
	if port, open := s.secrecy[flow.UsualOpen]; open {
		return p.T("%s is usual for open text", port)
	}
	if _, unknown := s.secrecy[flow.SecrecyUnknown]; unknown {
		return ""
	}
	if port, usual := s.secrecy[flow.UsualEncrypted]; usual {
		return p.T("%s is usual for encrypted data", port)
	}
	return ""
}

package flow

// Secrecy says whether what is sent can be read on the way.
type Secrecy string

// What can be known of it. A port is no proof: it says what is usual there.
const (
	SecrecyUnknown Secrecy = "unknown"
	SeenEncrypted  Secrecy = "encrypted"       // its encryption was seen to begin
	UsualEncrypted Secrecy = "usual_encrypted" // by its port
	UsualOpen      Secrecy = "usual_open_text" // by its port
)

// usual are the ports on which one way is usual (IANA's service names).
var usual = map[Protocol]map[uint16]Secrecy{
	"tcp": {
		22: UsualEncrypted, 443: UsualEncrypted, 465: UsualEncrypted, 636: UsualEncrypted, 853: UsualEncrypted, 990: UsualEncrypted, 992: UsualEncrypted,
		993: UsualEncrypted, 995: UsualEncrypted, 5061: UsualEncrypted, 5671: UsualEncrypted, 8443: UsualEncrypted, 8883: UsualEncrypted,
		21: UsualOpen, 23: UsualOpen, 53: UsualOpen, 80: UsualOpen, 110: UsualOpen, 143: UsualOpen, 554: UsualOpen, 1883: UsualOpen, 8080: UsualOpen,
	},
	"udp": {
		443: UsualEncrypted, 853: UsualEncrypted, 4500: UsualEncrypted, 51820: UsualEncrypted,
		53: UsualOpen, 69: UsualOpen, 123: UsualOpen, 161: UsualOpen, 514: UsualOpen, 554: UsualOpen, 1900: UsualOpen, 5353: UsualOpen,
	},
}

// Secrecy of what goes under k. A capture file shows how encryption begins, and
// then the protocol says so; of a look-up in a log nothing is known.
func (k Key) Secrecy() Secrecy {
	if k.Protocol == "tls" || k.Protocol == "quic" {
		return SeenEncrypted
	}
	if s, known := usual[k.Protocol][k.Port]; known {
		return s
	}
	return SecrecyUnknown
}

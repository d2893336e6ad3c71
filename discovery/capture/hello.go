package capture

import "encoding/binary"

// maxHello is how much of a stream's beginning is kept to find a name in it.
const maxHello = 16 << 10

// record takes the handshake out of TLS records at the beginning of a stream.
// more says that it goes on in bytes that have not come; tls that this is TLS.
func record(b []byte) (hello []byte, tls, more bool) {
	for len(b) >= 5 {
		if b[0] != 22 || b[1] != 3 {
			return hello, len(hello) > 0, false
		}
		n := int(binary.BigEndian.Uint16(b[3:]))
		if n == 0 || n > maxHello {
			return hello, false, false
		}
		if len(b) < 5+n {
			hello = append(hello, b[5:]...)
			return hello, true, true
		}
		hello, b = append(hello, b[5:5+n]...), b[5+n:]
		if _, whole := helloBody(hello); whole {
			return hello, true, false
		}
	}
	return hello, true, len(hello) < maxHello
}

// helloBody is the body of a ClientHello, and whether all of it is there.
func helloBody(b []byte) ([]byte, bool) {
	if len(b) < 4 || b[0] != 1 {
		return nil, false
	}
	n := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	if len(b) < 4+n {
		return nil, false
	}
	return b[4 : 4+n], true
}

// serverName is the name that a whole ClientHello asks for (RFC 6066); "" for none.
func serverName(hello []byte) string {
	b, ok := helloBody(hello)
	if !ok || len(b) < 34 {
		return ""
	}
	b = b[34:]                            // version and random
	for _, size := range []int{1, 2, 1} { // session, suites, compressions
		if _, b, ok = vector(b, size); !ok {
			return ""
		}
	}
	ext, _, ok := vector(b, 2)
	for ok && len(ext) >= 4 {
		kind := binary.BigEndian.Uint16(ext)
		var body []byte
		if body, ext, ok = vector(ext[2:], 2); !ok || kind != 0 {
			continue
		}
		list, _, ok := vector(body, 2)
		if !ok || len(list) < 3 || list[0] != 0 {
			return ""
		}
		name, _, _ := vector(list[1:], 2)
		s, _ := hostName(name)
		return s
	}
	return ""
}

// vector takes bytes with their length before them.
func vector(b []byte, size int) (body, rest []byte, ok bool) {
	if len(b) < size {
		return nil, nil, false
	}
	n := 0
	for _, c := range b[:size] {
		n = n<<8 | int(c)
	}
	if b = b[size:]; len(b) < n {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

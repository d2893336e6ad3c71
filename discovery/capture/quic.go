package capture

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
)

// version is what differs between the versions of QUIC in their first packets.
type version struct {
	salt        []byte
	key, iv, hp string
	initial     byte // the type of an initial packet
}

// versions are 1 (RFC 9001) and 2 (RFC 9369).
var versions = map[uint32]version{
	1: {
		salt: []byte{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
		key:  "quic key", iv: "quic iv", hp: "quic hp", initial: 0,
	},
	0x6b3343cf: {
		salt: []byte{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
		key:  "quicv2 key", iv: "quicv2 iv", hp: "quicv2 hp", initial: 1,
	},
}

// initialKeys are the client's, which anybody on the way can derive.
type initialKeys struct {
	iv     []byte
	seal   cipher.AEAD
	header cipher.Block
}

// keysFor makes the client's keys from the connection id that it chose.
func keysFor(v version, id []byte) (k initialKeys, err error) {
	key, iv, hp, err := secretsOf(v, id)
	if err != nil {
		return k, err
	}
	k.iv = iv
	block, err := aes.NewCipher(key)
	if err != nil {
		return k, err
	}
	if k.seal, err = cipher.NewGCM(block); err != nil {
		return k, err
	}
	k.header, err = aes.NewCipher(hp)
	return k, err
}

// secretsOf derives them (RFC 9001, section 5.2).
func secretsOf(v version, id []byte) (key, iv, hp []byte, err error) {
	first, err := hkdf.Extract(sha256.New, id, v.salt)
	if err != nil {
		return nil, nil, nil, err
	}
	client, err := expand(first, "client in", 32)
	if err != nil {
		return nil, nil, nil, err
	}
	key, err1 := expand(client, v.key, 16)
	iv, err2 := expand(client, v.iv, 12)
	hp, err3 := expand(client, v.hp, 16)
	return key, iv, hp, errors.Join(err1, err2, err3)
}

// expand is TLS 1.3's HKDF-Expand-Label without a context.
func expand(secret []byte, label string, n int) ([]byte, error) {
	label = "tls13 " + label
	info := append([]byte{byte(n >> 8), byte(n), byte(len(label))}, label...)
	return hkdf.Expand(sha256.New, secret, string(append(info, 0)), n)
}

// initialPacket is a first packet of a client before it is opened.
type initialPacket struct {
	v        version
	id       []byte
	whole    []byte // header and payload
	numberAt int
}

// initial finds an initial packet at the beginning of a datagram, and what
// follows it. quic says that it is QUIC of a version that we know.
func initial(b []byte) (p initialPacket, rest []byte, quic bool) {
	if len(b) < 7 || b[0]&0xc0 != 0xc0 {
		return p, nil, false
	}
	v, known := versions[binary.BigEndian.Uint32(b[1:])]
	if !known {
		return p, nil, false
	}
	id, r, ok := vector(b[5:], 1)
	if !ok || len(id) > 20 {
		return p, nil, false
	}
	if _, r, ok = vector(r, 1); !ok {
		return p, nil, false
	}
	if b[0]>>4&3 != v.initial {
		return p, nil, true
	}
	n, r, ok := varint(r)
	if !ok || uint64(len(r)) < n {
		return p, nil, true
	}
	r = r[n:] // the token
	if n, r, ok = varint(r); !ok || uint64(len(r)) < n || n < 20 {
		return p, nil, true
	}
	at := len(b) - len(r)
	return initialPacket{v: v, id: id, whole: b[:at+int(n)], numberAt: at}, b[at+int(n):], true
}

// open takes the protection away; nil when that is not possible.
func (p initialPacket) open(k initialKeys) []byte {
	if p.whole == nil || len(p.whole) < p.numberAt+4+16 {
		return nil
	}
	b := slices.Clone(p.whole)
	var mask [16]byte
	k.header.Encrypt(mask[:], b[p.numberAt+4:p.numberAt+20])
	b[0] ^= mask[0] & 0x0f
	n := int(b[0]&3) + 1
	var number uint32
	for i := range n {
		b[p.numberAt+i] ^= mask[1+i]
		number = number<<8 | uint32(b[p.numberAt+i])
	}
	nonce := slices.Clone(k.iv)
	for i := range 4 {
		nonce[len(nonce)-1-i] ^= byte(number >> (8 * i))
	}
	head := b[:p.numberAt+n]
	plain, err := k.seal.Open(nil, nonce, b[p.numberAt+n:], head)
	if err != nil {
		return nil
	}
	return plain
}

// cryptos gives the parts of the handshake in a packet's frames.
func cryptos(b []byte, part func(at uint64, data []byte)) {
	for len(b) > 0 {
		kind := b[0]
		b = b[1:]
		var ok bool
		switch kind {
		case 0, 1: // padding, ping
			continue
		case 2, 3:
			if b, ok = skipAck(b, kind == 3); !ok {
				return
			}
		case 6:
			var at, n uint64
			if at, b, ok = varint(b); !ok {
				return
			}
			if n, b, ok = varint(b); !ok || uint64(len(b)) < n {
				return
			}
			part(at, b[:n])
			b = b[n:]
		default:
			return
		}
	}
}

func skipAck(b []byte, ecn bool) ([]byte, bool) {
	var ranges uint64
	var ok bool
	for i := range 4 { // largest, delay, number of ranges, first range
		var v uint64
		if v, b, ok = varint(b); !ok {
			return nil, false
		}
		if i == 2 {
			ranges = v
		}
	}
	more := 2 * min(ranges, uint64(len(b)))
	if ecn {
		more += 3
	}
	for range more {
		if _, b, ok = varint(b); !ok {
			return nil, false
		}
	}
	return b, true
}

// varint is QUIC's number of one, two, four or eight bytes.
func varint(b []byte) (n uint64, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, false
	}
	size := 1 << (b[0] >> 6)
	if len(b) < size {
		return 0, nil, false
	}
	n = uint64(b[0] & 0x3f)
	for _, c := range b[1:size] {
		n = n<<8 | uint64(c)
	}
	return n, b[size:], true
}

package secrets

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// Cost is what scrypt (RFC 7914) is asked for. It stands in the file beside the
// salt, so that a later version can ask for more.
type Cost struct {
	N int `json:"n"` // rounds over the memory, a power of two
	R int `json:"r"` // size of a block in units of 128 bytes
	P int `json:"p"` // how often
}

// usualCost takes 32 MB, which a router has too, and about half a second.
func usualCost() Cost { return Cost{N: 1 << 15, R: 8, P: 3} }

// mostMemory bounds what a damaged or hostile file can make us take.
const mostMemory = 256 << 20

var errCost = errors.New("the file asks for a cost that is not sensible")

func (c Cost) check() error {
	ok := c.N >= 2 && c.N <= 1<<20 && c.N&(c.N-1) == 0 && c.R >= 1 && c.R <= 32 && c.P >= 1 && c.P <= 16 && 128*c.R*c.N <= mostMemory
	if !ok {
		return fmt.Errorf("%w: %+v", errCost, c)
	}
	return nil
}

// scrypt makes size bytes of a passphrase so that trying many is dear in memory.
// The standard library has its two halves only, and this is all that is between them.
func scrypt(passphrase string, salt []byte, c Cost, size int) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	b, err := pbkdf2.Key(sha256.New, passphrase, salt, 1, c.P*128*c.R)
	if err != nil {
		return nil, err
	}
	m := newMixer(c)
	for i := range c.P {
		m.mix(b[i*128*c.R : (i+1)*128*c.R])
	}
	return pbkdf2.Key(sha256.New, passphrase, b, 1, size)
}

// block is what the Salsa20/8 core works on.
type block = [16]uint32

// mixer is the memory of scryptROMix.
type mixer struct {
	n, r   int
	memory []block // n times 2r
	x, y   []block // 2r each
}

func newMixer(c Cost) *mixer {
	return &mixer{n: c.N, r: c.R, memory: make([]block, c.N*2*c.R), x: make([]block, 2*c.R), y: make([]block, 2*c.R)}
}

// mix is scryptROMix of one piece, in place.
func (m *mixer) mix(b []byte) {
	for i := range m.x {
		for j := range m.x[i] {
			m.x[i][j] = binary.LittleEndian.Uint32(b[(i*16+j)*4:])
		}
	}
	for i := range m.n {
		copy(m.memory[i*2*m.r:], m.x)
		m.blockMix()
	}
	for range m.n {
		last := m.x[2*m.r-1]
		j := int((uint64(last[1])<<32 | uint64(last[0])) & uint64(m.n-1))
		from := m.memory[j*2*m.r:]
		for i := range m.x {
			xor(&m.x[i], &from[i])
		}
		m.blockMix()
	}
	for i := range m.x {
		for j, v := range m.x[i] {
			binary.LittleEndian.PutUint32(b[(i*16+j)*4:], v)
		}
	}
}

// blockMix is scryptBlockMix of x, with y as its room.
func (m *mixer) blockMix() {
	last := m.x[2*m.r-1]
	for i := range m.x {
		xor(&last, &m.x[i])
		salsa(&last)
		m.y[i/2+i%2*m.r] = last
	}
	m.x, m.y = m.y, m.x
}

func xor(to, with *block) {
	for i := range to {
		to[i] ^= with[i]
	}
}

// salsa is the Salsa20/8 core: four double rounds, then the sum.
func salsa(b *block) {
	x := *b
	for range 4 {
		quarter(&x, 0, 4, 8, 12)
		quarter(&x, 5, 9, 13, 1)
		quarter(&x, 10, 14, 2, 6)
		quarter(&x, 15, 3, 7, 11)
		quarter(&x, 0, 1, 2, 3)
		quarter(&x, 5, 6, 7, 4)
		quarter(&x, 10, 11, 8, 9)
		quarter(&x, 15, 12, 13, 14)
	}
	for i := range b {
		b[i] += x[i]
	}
}

func quarter(x *block, a, b, c, d int) {
	x[b] ^= bits.RotateLeft32(x[a]+x[d], 7)
	x[c] ^= bits.RotateLeft32(x[b]+x[a], 9)
	x[d] ^= bits.RotateLeft32(x[c]+x[b], 13)
	x[a] ^= bits.RotateLeft32(x[d]+x[c], 18)
}

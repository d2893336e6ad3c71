package secrets

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"

	"bestbefore/assets/words"
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

var errCost = words.New("the file asks for a cost that is not sensible")

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

// salsa is the Salsa20/8 core: four double rounds, then the sum. Sixteen
// variables are twice as fast as an array.
func salsa(b *block) {
	x0, x1, x2, x3, x4, x5, x6, x7 := b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]
	x8, x9, x10, x11, x12, x13, x14, x15 := b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]
	for range 4 {
		x0, x4, x8, x12 = quarter(x0, x4, x8, x12)
		x5, x9, x13, x1 = quarter(x5, x9, x13, x1)
		x10, x14, x2, x6 = quarter(x10, x14, x2, x6)
		x15, x3, x7, x11 = quarter(x15, x3, x7, x11)
		x0, x1, x2, x3 = quarter(x0, x1, x2, x3)
		x5, x6, x7, x4 = quarter(x5, x6, x7, x4)
		x10, x11, x8, x9 = quarter(x10, x11, x8, x9)
		x15, x12, x13, x14 = quarter(x15, x12, x13, x14)
	}
	b[0], b[1], b[2], b[3] = b[0]+x0, b[1]+x1, b[2]+x2, b[3]+x3
	b[4], b[5], b[6], b[7] = b[4]+x4, b[5]+x5, b[6]+x6, b[7]+x7
	b[8], b[9], b[10], b[11] = b[8]+x8, b[9]+x9, b[10]+x10, b[11]+x11
	b[12], b[13], b[14], b[15] = b[12]+x12, b[13]+x13, b[14]+x14, b[15]+x15
}

func quarter(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	b ^= bits.RotateLeft32(a+d, 7)
	c ^= bits.RotateLeft32(b+a, 9)
	d ^= bits.RotateLeft32(c+b, 13)
	a ^= bits.RotateLeft32(d+c, 18)
	return a, b, c, d
}

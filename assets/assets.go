// Package assets holds the files that are part of the program: typefaces, device
// pictures and signs, translations. It contains no logic but looking them up.
package assets

import "embed"

// Icons holds icons/kinds (one picture for each kind of device) and icons/ui
// (the signs of the window), SVG with the colour #000000 to be replaced.
//
//go:embed icons/kinds icons/ui
var Icons embed.FS

// Translations holds translations/<language>.json; the keys are the English texts.
//
//go:embed translations
var Translations embed.FS

// TextRegular is Atkinson Hyperlegible Next, regular (SIL OFL, licence in fonts).
//
//go:embed fonts/AtkinsonHyperlegibleNext-Regular.ttf
var TextRegular []byte

// TextBold is Atkinson Hyperlegible Next, bold.
//
//go:embed fonts/AtkinsonHyperlegibleNext-Bold.ttf
var TextBold []byte

// Stamp is Doto Black, the dot-matrix face of the best-before stamp and of
// nothing else (SIL OFL, licence in fonts).
//
//go:embed fonts/Doto-Black.ttf
var Stamp []byte

// AppIcon is the program's icon, PNG, 512 pixels wide.
//
//go:embed icons/icon.png
var AppIcon []byte

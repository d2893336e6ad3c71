// Package arch holds the tests of the architecture: which package may import
// which, who owns which library, and the habits of the house that a machine can
// check. It has no code of its own. A rule that turns out wrong is changed here,
// with its reason in the README's decisions; it is not worked around.
package arch

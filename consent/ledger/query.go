package ledger

// Query selects entries, newest first; zero fields select everything.
type Query struct {
	Before  uint64 // entries with a lower number; 0 is from the newest
	Limit   int
	Text    string   // part of the text, without case
	Named   []string // with Text: the devices whose name holds it, since a line shows the name beside its text
	Device  string
	Consent string
}

// Line is an entry with its text.
type Line struct {
	Entry
	Text   string `json:"text"`
	Erased bool   `json:"erased,omitempty"`
}

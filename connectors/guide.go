package connectors

// Guide is how a person ends by hand what no connector can end, with one maker
// or account. All texts are plain sentences.
type Guide struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"`           // "Amazon and Alexa"
	Page  string   `json:"page,omitempty"` // an https link, only where it is certain
	Where string   `json:"where"`          // the path to it in words
	Steps []string `json:"steps"`
	Stops string   `json:"stops"`
	Keeps string   `json:"keeps"` // what goes on all the same
	Sign  string   `json:"sign"`  // how it will be seen that it worked
	// For are the makers and companies that it is for, as far as they are named.
	For []string `json:"for,omitempty"`
	// Only is why access to this account can be ended nowhere else; empty where it can.
	Only string `json:"only,omitempty"`
}

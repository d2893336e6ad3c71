package view

import "bestbefore/app/internal/engine"

// SetKey is the row of the key, and its button for a passphrase; SetKeyLook has
// the key store looked at again.
const (
	SetKey     = "key"
	SetKeyLook = "key look"
)

// Passphrase is the question for the passphrase of the key.
type Passphrase struct {
	Title  string
	Text   string
	Button string
	New    bool // none was chosen yet: it is asked for twice
	Needed bool // one was chosen and the key is not open: worth asking by ourselves
}

// Passphrase asks for the chosen one, or for a first one.
func (p Presenter) Passphrase(k engine.KeyInfo) Passphrase {
	if k.Chosen {
		return Passphrase{
			Title: p.T("Your passphrase"), Button: p.T("Unlock"), Needed: k.Provider == "",
			Text: p.T("It opens the key that seals passwords and the end of the diary. Until then dates are kept, but nothing that needs a password works."),
		}
	}
	return Passphrase{
		Title: p.T("Choose a passphrase"), Button: p.T("Choose it"), New: true,
		Text: p.T("This computer has no key store that opens. A passphrase of at least 12 characters can seal passwords and the diary instead; four words that do not belong together are good. It is asked for at each start and kept nowhere. What another key sealed before has to be entered again."),
	}
}

// keyButtons are what can be done about the key now. A key store that is only
// locked comes before a passphrase, which would abandon what was sealed with it.
func (p Presenter) keyButtons(k engine.KeyInfo) (first, second ActionLink) {
	look := ActionLink{ID: SetKeyLook, Label: p.T("Look again")}
	choose := ActionLink{ID: SetKey, Label: p.T("Choose a passphrase …")}
	switch {
	case k.Provider != "":
		return ActionLink{}, ActionLink{}
	case k.Chosen:
		return ActionLink{ID: SetKey, Label: p.T("Enter the passphrase …")}, ActionLink{}
	case k.Locked:
		choose.Label = p.T("Use a passphrase instead …")
		return look, choose
	default:
		return choose, look
	}
}

// passwordsAre says where the passwords of connections are, and what seals them.
func (p Presenter) passwordsAre(k engine.KeyInfo, demo bool) string {
	switch {
	case demo:
		return p.T("Passwords of the demo are made up, and go with it.")
	case k.Provider == "key store":
		return p.T("Passwords are kept sealed on this computer; only its key store can open them.")
	case k.Provider == "passphrase":
		return p.T("Passwords are kept sealed on this computer; only your passphrase opens them.")
	case k.Provider != "":
		return p.T("Passwords are kept sealed on this computer; the system handed over the key at the start.")
	case k.Trouble != "":
		return p.T("No password can be kept or used now, because the key that seals them is not there; the settings say what to do.")
	default:
		return p.T("Passwords are kept sealed on this computer.")
	}
}

// KeyFound says that the key is there again.
func (p Presenter) KeyFound() string {
	return p.T("The key is there: what needs a password works again.")
}

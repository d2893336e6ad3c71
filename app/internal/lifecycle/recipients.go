package lifecycle

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"bestbefore/app/internal/changes"
	"bestbefore/assets"
	"bestbefore/assets/words"
	"bestbefore/discovery/recipient"
)

// RecipientsDir is the folder inside the data folder into which a person may
// put tables of their own, lists and newer files of addresses.
const RecipientsDir = "recipients"

// recipientsEvery is how often that folder is looked at.
const recipientsEvery = time.Minute

// openRecipients makes the book of who receives what. It is read when somebody first asks.
func (h *Home) openRecipients() (err error) {
	h.who, err = recipient.NewBook(recipient.BookConfig{
		Bundle:  bundledRecipients,
		Folder:  os.DirFS(filepath.Join(h.Dir, RecipientsDir)),
		Changed: func() { h.Hub.Publish(changes.Flows) },
	})
	return err
}

// bundledRecipients is what the program ships.
func bundledRecipients() recipient.Config {
	return recipient.Config{
		Curated: strings.NewReader(assets.RecipientsHousehold), Seed: strings.NewReader(assets.RecipientsWeb),
		Countries: assets.RecipientsCountries, Owners: assets.RecipientsOwners, PublicSuffix: publicsuffix.PublicSuffix,
	}
}

// serveRecipients follows the person's folder until ctx ends and says what is wrong with it.
func (h *Home) serveRecipients(ctx context.Context) error {
	tick := time.NewTicker(recipientsEvery)
	defer tick.Stop()
	for {
		h.board.Report("recipients", h.who.Refresh(), words.Sprintf("Mend or remove the file in the folder %s beside the data; the others count meanwhile.", RecipientsDir))
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

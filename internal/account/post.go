package account

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// Post writes letters to people about their own accounts.
type Post interface {
	// DeliversLinks reports whether a letter would arrive, with a link in it.
	DeliversLinks() bool
	// Tell writes a letter to a person, if the transaction is committed and letters can be sent.
	Tell(ctx context.Context, tx database.Tx, to User, letter Letter) error
}

// Letter is what a person is told about her account.
type Letter struct {
	About Occasion
	At    time.Time
	With  []any // name, value, name, value: what its text names
}

// Occasion is what a letter is about, as a translation key behind "letter.".
type Occasion string

// The occasions.
const (
	ResetAsked      Occasion = "reset" // has a link that is made when the letter is sent
	PasswordChanged Occasion = "password_changed"
	NewDevice       Occasion = "new_device"     // with Browser and Address
	FactorAdded     Occasion = "factor_added"   // with Factor, in words
	FactorRemoved   Occasion = "factor_removed" // with Factor, in words
)

// Occasions lists them all.
var Occasions = []Occasion{ResetAsked, PasswordChanged, NewDevice, FactorAdded, FactorRemoved}

// SetPost gives who writes letters. Without it none are written.
func (s *Service) SetPost(post Post) { s.post = post }

// Tell writes a letter to a person within the transaction of what it is about.
func (s *Service) Tell(ctx context.Context, tx database.Tx, userID int64, about Occasion, with ...any) error {
	if s.post == nil {
		return nil
	}
	user, err := userByID(ctx, tx, userID)
	if err != nil {
		return err
	}
	return s.post.Tell(ctx, tx, user, Letter{About: about, At: s.now(), With: with})
}

package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/internal/exclusion"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/stop"
)

// Lost is what went with a sealing key.
type Lost struct {
	Addresses int // on the list of exclusions
	Erasures  int // whose persons are not kept out of imports any more
}

// ErrNotLost means that the key file opens what is sealed.
var ErrNotLost = errors.New("the sealing key opens the database: it is not lost")

// LoseKey makes an installation whose sealing key is lost work again, with a new one. API keys, passwords and evidence that nothing
// opens stay where they are, and the pages ask for them anew. Addresses of the list of exclusions cannot be recognised without the key,
// so they are dropped, and nothing is sent until somebody has made the list again and lifts the emergency stop.
func LoseKey(ctx context.Context, c Config, db *database.DB, ring secret.Keyring, now time.Time) (lost Lost, err error) {
	if !c.Key().Writable() {
		return lost, secret.ErrNotWritable
	}
	before, err := c.Key().Load()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return lost, fmt.Errorf("%w: move that file away first", err)
	}
	if before.Len() > 0 {
		sealer, err := before.Sealer()
		if err != nil {
			return lost, err
		}
		if opens, err := exclusion.KeyOpens(ctx, db.Reader(), sealer); err != nil {
			return lost, err
		} else if opens {
			return lost, ErrNotLost
		}
	}
	if _, err := stop.NewService(db, func() time.Time { return now }).Impose(ctx, access.System, "The sealing key was lost, and the list of exclusions with it"); err != nil {
		return lost, err
	}
	err = db.InTx(ctx, func(tx database.Tx) (err error) {
		if lost.Addresses, err = exclusion.ForgetHashes(ctx, tx); err != nil {
			return err
		}
		if lost.Erasures, err = erasure.ForgetFingerprints(ctx, tx); err != nil {
			return err
		}
		sealer, err := ring.Sealer()
		if err != nil {
			return err
		}
		if err := audit.LoseKey(ctx, tx, sealer); err != nil {
			return err
		}
		return audit.Write(ctx, tx, now, access.System, audit.Entry{Action: audit.KeyLost, Subject: audit.Subject{Kind: "sealing_key"}})
	})
	if err != nil {
		return lost, err
	}
	return lost, ring.First().Then(before).Save(c.Key().Path)
}

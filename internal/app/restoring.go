package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/backup"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/internal/exclusion"
	"github.com/segue-app/segue/internal/reseal"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/stop"
	"github.com/segue-app/segue/internal/token"
)

// BackupFolder is the data folder as the backup package knows it.
func (c Config) BackupFolder() backup.Folder {
	return backup.Folder{Path: c.Folder, Database: c.Database(), Uploads: filepath.Join(c.Folder, uploadsName)}
}

// BackupOrder orders a backup of the data folder; with the sealing key in it when that is wanted.
func BackupOrder(c Config, version string, withKey bool) (backup.Order, error) {
	order := backup.Order{From: c.BackupFolder(), Version: version, Needed: source.Needed, Clock: time.Now,
		KeyIDs: func(ctx context.Context, q database.Querier) ([]string, error) {
			return reseal.KeyIDs(ctx, q, Sealed())
		}}
	if withKey {
		ring, err := c.Key().Load()
		if err != nil {
			return order, err
		}
		order.Key = ring.Text()
	}
	return order, nil
}

// Hold says whether nothing is sent after a restoring until somebody lifts the emergency stop.
type Hold string

// The ways.
const (
	HoldIfOld Hold = "auto" // unless the backup was made just now
	HoldYes   Hold = "yes"
	HoldNo    Hold = "no"
)

// oldAfter is from which age of a backup on its runs do not go on by themselves: they would bring older values over newer ones.
const oldAfter = time.Hour

// Settling makes a restored state fit into a world that went on without it.
type Settling struct {
	Config Config
	Keys   secret.Keyring // given besides the key file, for a backup from before an exchange of the key; may be empty
	Hold   Hold
	Now    time.Time

	// What was found, afterwards.
	Held       bool
	Carried    bool // that exclusions and erasures of the state before could be
	Exclusions int
	Erasures   int
}

// Settle ends sessions, links and tokens, doubts deliveries, carries over who must not be sent, and sees that there is a key that opens the
// backup's secrets, which it adds to the key file. It refuses a backup whose secrets nothing opens.
func (s *Settling) Settle(ctx context.Context, db, old *database.DB, m backup.Manifest, key []byte) error {
	ring, changed, err := s.ring(key)
	if err != nil {
		return err
	}
	if ring.Len() > 0 || len(m.KeyIDs) > 0 {
		if err := opens(ctx, db, ring, m.KeyIDs); err != nil {
			return err
		}
	}
	if changed && !s.Config.Key().Writable() { // the operator adds the others first, unless they are of no use
		own, err := s.Config.Key().Load()
		if err != nil {
			return err
		}
		if err := opens(ctx, db, own, m.KeyIDs); err != nil {
			return err
		}
		ring, changed = own, false
	}
	if s.Held = s.Hold == HoldYes || s.Hold == HoldIfOld && s.Now.Sub(m.At) > oldAfter; s.Held {
		stops := stop.NewService(db, func() time.Time { return s.Now })
		_, err = stops.Impose(ctx, access.System, "Restored from the backup of "+m.At.UTC().Format("2006-01-02 15:04 UTC"))
		if err != nil {
			return fmt.Errorf("hold everything: %w", err)
		}
	}
	err = db.InTx(ctx, func(tx database.Tx) error {
		if err := account.EndEverything(ctx, tx); err != nil {
			return err
		}
		if err := token.EndEverything(ctx, tx, s.Now); err != nil {
			return err
		}
		if err := run.DoubtAll(ctx, tx); err != nil {
			return err
		}
		if err := s.note(ctx, tx, old, m.At); err != nil {
			return err
		}
		return s.carry(ctx, tx, old, ring)
	})
	if err != nil {
		return err
	}
	if changed { // last, and more keys do no harm to what is there
		return s.Config.Key().Save(ring)
	}
	return nil
}

// note writes that a backup took the place of another state: its last entry is told, for whoever kept it elsewhere. The log goes on from that of
// the backup.
func (s *Settling) note(ctx context.Context, tx database.Tx, old *database.DB, at time.Time) error {
	changes := []audit.Change{{Field: "backup", After: at.UTC().Format(time.RFC3339)}}
	if old != nil {
		if head, err := audit.ReadHead(ctx, old.Reader()); err == nil && head.ID > 0 { // one that is damaged tells nothing
			changes = append(changes, audit.Change{Field: "head", Before: head.String()})
		}
	}
	return audit.Write(ctx, tx, s.Now, access.System, audit.Entry{Action: audit.Restored, Changes: changes})
}

// ring joins the keys of the key file, those that were given, and those in the backup, in this order.
func (s *Settling) ring(key []byte) (ring secret.Keyring, changed bool, err error) {
	ring, err = s.Config.Key().Load()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ring, false, err
	}
	before := ring.Len()
	others := []secret.Keyring{s.Keys}
	if key != nil {
		inside, err := secret.ParseKeyring(bytes.NewReader(key))
		if err != nil {
			return ring, false, fmt.Errorf("the sealing key in the backup: %w", err)
		}
		others = append(others, inside)
	}
	ring = ring.Then(others...)
	return ring, ring.Len() > before, nil
}

// opens refuses a ring that lacks a key with which something is sealed.
func opens(ctx context.Context, db *database.DB, ring secret.Keyring, wanted []string) error {
	sealed, err := reseal.KeyIDs(ctx, db.Reader(), Sealed())
	if err != nil {
		return err
	}
	var missing []string
	for _, id := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(wanted, sealed)))) {
		if !slices.Contains(ring.IDs(), id) {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		return &MissingKey{missing}
	}
	return nil
}

// MissingKey says that something is sealed with keys that are not at hand.
type MissingKey struct{ IDs []string }

// Error names the keys.
func (m *MissingKey) Error() string {
	return "secrets are sealed with the key " + strings.Join(m.IDs, ", ") + ", which is not at hand"
}

// carry takes over from the state before who must not be sent. One that is damaged, or of another version, has to do without.
func (s *Settling) carry(ctx context.Context, tx database.Tx, old *database.DB, ring secret.Keyring) error {
	if old == nil || ring.Len() == 0 {
		return nil
	}
	versions, err := old.Versions(ctx)
	if err != nil || versions.Current != versions.Newest {
		return nil
	}
	sealer, err := ring.Sealer()
	if err != nil {
		return err
	}
	faults, err := old.Faults(ctx, false)
	if err != nil || len(faults) > 0 {
		return nil
	}
	var same bool
	if s.Exclusions, same, err = exclusion.CarryOver(ctx, tx, old.Reader(), sealer, access.System.Name, s.Now); err != nil || !same {
		return err
	}
	s.Carried = true
	s.Erasures, err = erasure.CarryOver(ctx, tx, old.Reader())
	return err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/reseal"
	"github.com/segue-app/segue/internal/secret"
)

type resealCommand struct {
	sealing
	NewKey string `help:"File with the new key: 32 bytes in base64. Default: one is made, if the sealing key comes from a file." type:"existingfile"`
	Lost   bool   `help:"The key is lost: begin with a new one, without what nothing opens any more. The list of exclusions loses its addresses, and nothing is sent until resume-all."`
	Forget bool   `help:"Do not keep the old key. Backups that were made before cannot be restored without it."`
}

// Run exchanges the sealing key. The server must not work meanwhile.
func (c *resealCommand) Run(ctx context.Context) error {
	config, err := c.config()
	if err != nil {
		return err
	}
	if _, err := os.Stat(config.Database()); err != nil {
		return fmt.Errorf("no data folder of Segue: %w", err)
	}
	if key := config.Key(); !key.Writable() && (c.NewKey == "" || c.Lost) {
		return byHand(key, c.Lost)
	}
	ring := secret.NewKeyring()
	if c.NewKey != "" {
		if ring, err = secret.LoadKeyring(c.NewKey); err != nil {
			return err
		}
	}
	err = app.Alone(config, func() error { return c.exchange(ctx, config, ring) })
	if errors.Is(err, app.ErrInUse) {
		return fmt.Errorf("%w: stop the server first", err)
	}
	return err
}

// byHand says what the operator does about a key that the program cannot write.
func byHand(key secret.Source, lost bool) error {
	if lost {
		return fmt.Errorf("the sealing key comes from %s, which this program cannot change: with the key in a file, give --sealing-key-file and --lost, and put the new key in its place afterwards", key)
	}
	return fmt.Errorf(`the sealing key comes from %s, which this program cannot change. In two steps:
  head -c 32 /dev/urandom | base64 > new.key     and keep new.key safe
  segue reseal --new-key new.key                 with the old key still in its place
Then put the new key in the place of the old one, and start the server`, key)
}

func (c *resealCommand) exchange(ctx context.Context, config app.Config, ring secret.Keyring) (err error) {
	db, err := database.Open(ctx, config.Database())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if c.Lost {
		return c.lose(ctx, config, db, ring)
	}
	kept, key := "", config.Key()
	exchange := reseal.Exchange{DB: db, Places: app.Sealed(), Key: key, New: ring}
	if !c.Forget {
		exchange.Keep = func(older secret.Keyring) error {
			kept = key.Path + ".old-" + time.Now().UTC().Format("20060102") + "-" + older.IDs()[0]
			return older.Save(kept)
		}
	}
	before, err := exchange.Do(ctx)
	if err != nil {
		if !key.Writable() {
			return fmt.Errorf("%w. Nothing is lost: the old key and the new one open everything together. Do it again with the same new key", err)
		}
		return fmt.Errorf("%w. Nothing is lost: the key file opens everything. Do it again", err)
	}
	total := before.Total()
	where := key.String()
	if !key.Writable() {
		where = c.NewKey
	}
	fmt.Printf("%d secrets are sealed with the new key %s, in %s.\n", total.Current+total.Older, ring.IDs()[0], where)
	if total.Unreadable > 0 {
		fmt.Printf("%d could be opened by no key and stay as they are: segue doctor says where.\n", total.Unreadable)
	}
	if kept != "" {
		fmt.Printf("The old key is in %s. Backups that were made before need it; delete it with the last of them, and at once when it is the reason for the exchange.\n", kept)
	}
	if !key.Writable() {
		fmt.Printf("Now put the new key in the place of the old one, in %s: the server does not start before. Keep the old one as long as there are backups from before.\n", key)
	}
	fmt.Println("Everybody signs in again.")
	return nil
}

func (c *resealCommand) lose(ctx context.Context, config app.Config, db *database.DB, ring secret.Keyring) error {
	lost, err := app.LoseKey(ctx, config, db, ring, time.Now())
	if err != nil {
		return err
	}
	fmt.Printf("There is a new key in %s. Enter the API keys and the passwords of databases anew on the pages.\n", config.Key())
	fmt.Printf("Gone from the list of exclusions: %d addresses. Not kept out of imports any more: the persons of %d erasures. Add them anew.\n", lost.Addresses, lost.Erasures)
	fmt.Println("Nothing is sent until: segue resume-all.")
	return nil
}

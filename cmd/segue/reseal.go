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
	data
	SealingKey string `help:"File of the key that seals secrets. Default: segue.key in the data folder." type:"path" env:"SEGUE_SEALING_KEY"`
	NewKey     string `help:"File with the new key: 32 bytes in base64. Default: one is made." type:"existingfile"`
	Lost       bool   `help:"The key is lost: begin with a new one, without what nothing opens any more. The list of exclusions loses its addresses, and nothing is sent until resume-all."`
	Forget     bool   `help:"Do not keep the old key. Backups that were made before cannot be restored without it."`
}

// Run exchanges the sealing key. The server must not work meanwhile.
func (c *resealCommand) Run(ctx context.Context) error {
	config := app.Config{Folder: c.Data, SealingKey: c.SealingKey}
	if _, err := os.Stat(config.Database()); err != nil {
		return fmt.Errorf("no data folder of Segue: %w", err)
	}
	ring := secret.NewKeyring()
	if c.NewKey != "" {
		var err error
		if ring, err = secret.LoadKeyring(c.NewKey); err != nil {
			return err
		}
	}
	err := app.Alone(config, func() error { return c.exchange(ctx, config, ring) })
	if errors.Is(err, app.ErrInUse) {
		return fmt.Errorf("%w: stop the server first", err)
	}
	return err
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
	kept := ""
	exchange := reseal.Exchange{DB: db, Places: app.Sealed(), KeyFile: config.KeyFile(), New: ring}
	if !c.Forget {
		exchange.Keep = func(older secret.Keyring) error {
			kept = config.KeyFile() + ".old-" + time.Now().UTC().Format("20060102") + "-" + older.IDs()[0]
			return older.Save(kept)
		}
	}
	before, err := exchange.Do(ctx)
	if err != nil {
		return fmt.Errorf("%w. Nothing is lost: the key file opens everything. Do it again", err)
	}
	total := before.Total()
	fmt.Printf("%d secrets are sealed with the new key %s, in %s.\n", total.Current+total.Older, ring.IDs()[0], config.KeyFile())
	if total.Unreadable > 0 {
		fmt.Printf("%d could be opened by no key and stay as they are: segue doctor says where.\n", total.Unreadable)
	}
	if kept != "" {
		fmt.Printf("The old key is in %s. Backups that were made before need it; delete it with the last of them, and at once when it is the reason for the exchange.\n", kept)
	}
	fmt.Println("Everybody signs in again.")
	return nil
}

func (c *resealCommand) lose(ctx context.Context, config app.Config, db *database.DB, ring secret.Keyring) error {
	lost, err := app.LoseKey(ctx, config, db, ring, time.Now())
	if err != nil {
		return err
	}
	fmt.Printf("There is a new key in %s. Enter the API keys and the passwords of databases anew on the pages.\n", config.KeyFile())
	fmt.Printf("Gone from the list of exclusions: %d addresses. Not kept out of imports any more: the persons of %d erasures. Add them anew.\n", lost.Addresses, lost.Erasures)
	fmt.Println("Nothing is sent until: segue resume-all.")
	return nil
}

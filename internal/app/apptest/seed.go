package apptest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/alexedwards/argon2id"

	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/demo"
)

// quickly makes passwords that are hashed in no time.
var quickly = account.Options{Hashing: &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}}

// nobody stands for a data folder without people and profiles.
const nobody = -1

// seeds are the files of a data folder for each number of customers. To make one takes most of a second under the race
// detector, and every test wants one of its own.
var seeds struct {
	sync.Mutex
	files map[int]map[string][]byte
}

// seed fills a data folder.
func seed(folder string, customers int) error {
	files, err := seedFiles(customers)
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func seedFiles(customers int) (files map[string][]byte, err error) {
	seeds.Lock()
	defer seeds.Unlock()
	if files, ok := seeds.files[customers]; ok {
		return files, nil
	}
	folder, err := os.MkdirTemp("", "segue-seed-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	a, err := app.Open(context.Background(), app.Config{Folder: folder, Log: slog.New(slog.DiscardHandler), Account: quickly})
	if err != nil {
		return nil, err
	}
	if customers != nobody {
		err = demo.Seed(context.Background(), a, customers)
	}
	if err = errors.Join(err, a.Close()); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	files = map[string][]byte{}
	for _, entry := range entries {
		if entry.IsDir() { // uploads, made anew
			continue
		}
		if files[entry.Name()], err = os.ReadFile(filepath.Join(folder, entry.Name())); err != nil {
			return nil, err
		}
	}
	if seeds.files == nil {
		seeds.files = map[int]map[string][]byte{}
	}
	seeds.files[customers] = files
	return files, nil
}

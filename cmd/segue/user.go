package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/factor"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
)

type userCommand struct {
	Add    userAddCommand    `cmd:"" help:"Add somebody. The password is asked for, or read as one line from standard input."`
	List   userListCommand   `cmd:"" help:"List everybody."`
	Invite userInviteCommand `cmd:"" help:"Print a link, good once and for three days, with which somebody chooses a new password."`
	Reset  userResetCommand  `cmd:"" name:"reset-factors" help:"Take passkeys, codes and recovery codes away from somebody who lost them, and sign them out everywhere. The password stays."`
}

type userAddCommand struct {
	data
	Email string `arg:"" help:"Address to sign in with."`
	Name  string `help:"Name that others see. Default: the address."`
	Role  string `help:"administrator, contributor or viewer." enum:"administrator,contributor,viewer" default:"viewer"`
}

// Run adds the person.
func (c *userAddCommand) Run(ctx context.Context) error {
	password, err := readPassword()
	if err != nil {
		return err
	}
	name := c.Name
	if name == "" {
		name = c.Email
	}
	return withAccounts(ctx, c.data, func(accounts *account.Service) error {
		user, err := accounts.Create(ctx, access.System, account.NewUser{Email: c.Email, Name: name, Role: access.Role(c.Role), Password: password})
		if err != nil {
			return err
		}
		fmt.Printf("Added %s as %s.\n", user.Email, user.Role)
		return nil
	})
}

type userListCommand struct{ data }

// Run lists the people.
func (c *userListCommand) Run(ctx context.Context) error {
	return withAccounts(ctx, c.data, func(accounts *account.Service) error {
		users, err := accounts.Users(ctx, access.System)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "EMAIL\tNAME\tROLE\tSTATE")
		for _, u := range users {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", u.Email, u.Name, u.Role, u.State())
		}
		return table.Flush()
	})
}

type userInviteCommand struct {
	data
	Email string `arg:"" help:"Address of the person."`
	URL   string `help:"Address under which people reach Segue." default:"http://127.0.0.1:8090" env:"SEGUE_URL"`
}

// Run prints the link.
func (c *userInviteCommand) Run(ctx context.Context) error {
	return withAccounts(ctx, c.data, func(accounts *account.Service) error {
		user, err := accounts.UserByEmail(ctx, c.Email)
		if err != nil {
			return err
		}
		token, err := accounts.Reissue(ctx, access.System, user.ID)
		if err != nil {
			return err
		}
		fmt.Printf("%s/invitation?token=%s\n", strings.TrimRight(c.URL, "/"), token)
		return nil
	})
}

type userResetCommand struct {
	data
	Email string `arg:"" help:"Address of the person."`
}

// Run takes the factors away.
func (c *userResetCommand) Run(ctx context.Context) error {
	return withDatabase(ctx, c.data, func(db *database.DB, accounts *account.Service) error {
		user, err := accounts.UserByEmail(ctx, c.Email)
		if err != nil {
			return err
		}
		// Nothing is opened or sealed for it, so it also helps where the sealing key is lost.
		factors := factor.NewService(factor.Dependencies{DB: db, Accounts: accounts, Clock: time.Now, Log: slog.Default()})
		if err := factors.Reset(ctx, access.System, user.ID); err != nil {
			return err
		}
		fmt.Printf("%s has no second factor now, and is signed out everywhere.\n", user.Email)
		return nil
	})
}

func withAccounts(ctx context.Context, d data, work func(*account.Service) error) error {
	return withDatabase(ctx, d, func(_ *database.DB, accounts *account.Service) error { return work(accounts) })
}

func withDatabase(ctx context.Context, d data, work func(*database.DB, *account.Service) error) (err error) {
	if err := os.MkdirAll(d.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	db, err := database.Open(ctx, d.database())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return plain(work(db, account.New(db, account.Options{})))
}

// plain says a problem in words, with every field that is wrong.
func plain(err error) error {
	p := problem.Of(err)
	if p == nil {
		return err
	}
	words := i18n.For(i18n.Match(os.Getenv("LC_ALL"), os.Getenv("LANG")), nil)
	text := words.T(p.Code, p.Args...)
	for _, field := range p.Fields {
		text += "\n  " + field.Name + ": " + words.T(field.Code, field.Args...)
	}
	return errors.New(text)
}

func readPassword() (string, error) {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return "", errors.Join(errors.New("no password on standard input"), err)
		}
		return line, nil
	}
	fmt.Fprint(os.Stderr, "Password: ")
	first, err := term.ReadPassword(int(os.Stdin.Fd()))
	fmt.Fprint(os.Stderr, "\nOnce more: ")
	second, err2 := term.ReadPassword(int(os.Stdin.Fd()))
	fmt.Fprintln(os.Stderr)
	if err := errors.Join(err, err2); err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if string(first) != string(second) {
		return "", errors.New("the two passwords differ")
	}
	return string(first), nil
}

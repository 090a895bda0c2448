package main

import (
	"context"
	"fmt"
	"os"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/i18n"
)

type auditCommand struct {
	Verify auditVerifyCommand `cmd:"" help:"Go through the audit log, beside a running server or without one, and say the first place where somebody changed it. Ends with 6 when there is one."`
}

type auditVerifyCommand struct {
	sealing
	Expect   auditHead `help:"An entry that the log must have, as ID:HASH: one that was kept outside of this machine, from the line 'audit head' of the server's log or a download."`
	Language string    `help:"Language of the findings: en or da. Default: as LC_ALL or LANG say."`
}

// auditHead is a flag.
type auditHead audit.Head

// UnmarshalText reads it.
func (h *auditHead) UnmarshalText(text []byte) error {
	read, err := audit.ParseHead(string(text))
	*h = auditHead(read)
	return err
}

// Run verifies the log. It only reads.
func (c *auditVerifyCommand) Run(ctx context.Context) error {
	config, err := c.config()
	if err != nil {
		return err
	}
	report, err := app.Verify(ctx, config, audit.Head(c.Expect))
	if err != nil {
		return endOf(err)
	}
	words := i18n.For(i18n.Match(c.Language, os.Getenv("LC_ALL"), os.Getenv("LANG")), nil)
	if report.Code != "" {
		return ending{fmt.Errorf("%s", words.T("audit.fault."+string(report.Code), "Entry", report.Entry, "Seal", report.Seal)), endTampered}
	}
	fmt.Println(words.T("audit.whole", "Number", report.Head.ID, "Seals", report.Seals))
	if report.Head.ID > 0 {
		fmt.Println(words.T("audit.head", "Head", report.Head.String()))
	}
	if report.Unsealed > 0 {
		fmt.Println(words.N("audit.unsealed", int(report.Unsealed)))
	}
	if report.Lost > 0 {
		fmt.Println(words.N("audit.lost", int(report.Lost)))
	}
	return nil
}

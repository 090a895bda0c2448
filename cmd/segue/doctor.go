package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/doctor"
	"github.com/segue-app/segue/internal/i18n"
)

type doctorCommand struct {
	sealing
	stores
	Listen       string   `help:"Address that the server listens on." default:"127.0.0.1:8090" env:"SEGUE_LISTEN"`
	URL          string   `help:"Address under which people reach it." env:"SEGUE_URL"`
	OmnisendURL  string   `name:"omnisend-url" help:"Base of the Omnisend API." default:"https://api.omnisend.com/api" env:"SEGUE_OMNISEND_URL"`
	WatchFolders []string `name:"watch-folder" help:"Folder in which sources may watch for files." type:"path" env:"SEGUE_WATCH_FOLDER"`
	Offline      bool     `help:"Ask nobody over the network."`
	Thorough     bool     `help:"Check the whole file of the database, which takes some minutes for a large one."`
	JSON         bool     `name:"json" help:"Print everything that was looked at as JSON."`
	Language     string   `help:"Language of the findings: en or da. Default: as LC_ALL or LANG say."`
}

// examined ends the program with a status that scripts go by, without a word more.
type examined struct{ status int }

// Error is never printed.
func (e *examined) Error() string { return fmt.Sprintf("status %d", e.status) }

// Run examines the installation. The status is 0 when all is well, 1 with warnings, 2 with errors.
func (c *doctorCommand) Run(ctx context.Context) error {
	config, err := c.config()
	if err != nil {
		return err
	}
	outside, err := c.stores.open(config)
	if err != nil {
		return err
	}
	report := doctor.Examine(ctx, doctor.Patient{Folder: config.BackupFolder(), Key: config.Key(), Stores: outside, Sealed: app.Sealed(), URL: c.URL, Listen: c.Listen,
		Destination: c.OmnisendURL, Watch: c.WatchFolders, Offline: c.Offline, Thorough: c.Thorough, Now: time.Now,
		Client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}})
	words := i18n.For(i18n.Match(c.Language, os.Getenv("LC_ALL"), os.Getenv("LANG")), nil)
	if c.JSON {
		if err := printJSON(report, words); err != nil {
			return err
		}
	} else {
		printText(report, words)
	}
	switch report.Worst() {
	case doctor.Error:
		return &examined{2}
	case doctor.Warning:
		return &examined{1}
	}
	return nil
}

func printText(report doctor.Report, words *i18n.Locale) {
	counts := map[doctor.Level]int{}
	for _, f := range report {
		counts[f.Level]++
		if f.Level == doctor.Fine {
			continue
		}
		fmt.Printf("%s  %s\n  → %s\n", words.T("doctor.level."+string(f.Level)), words.T("doctor."+f.Code, f.Values...), words.T("doctor.mend."+f.Code, f.Values...))
	}
	if report.Worst() == doctor.Fine {
		fmt.Println(words.T("doctor.all_fine"))
	}
	fmt.Println(words.T("doctor.sum", "Errors", counts[doctor.Error], "Warnings", counts[doctor.Warning], "Fine", counts[doctor.Fine]))
}

func printJSON(report doctor.Report, words *i18n.Locale) error {
	type finding struct {
		Code  string       `json:"code"`
		Level doctor.Level `json:"level"`
		Text  string       `json:"text"`
		Mend  string       `json:"mend,omitempty"`
	}
	out := struct {
		Level    doctor.Level `json:"level"`
		Findings []finding    `json:"findings"`
	}{Level: report.Worst()}
	for _, f := range report {
		said := finding{Code: f.Code, Level: f.Level, Text: words.T("doctor."+f.Code, f.Values...)}
		if f.Level != doctor.Fine {
			said.Mend = words.T("doctor.mend."+f.Code, f.Values...)
		}
		out.Findings = append(out.Findings, said)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(out)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/logline"
	"github.com/segue-app/segue/internal/notice/mail"
	"github.com/segue-app/segue/internal/omnisend"
	"github.com/segue-app/segue/internal/reach"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/warehouse"
	"github.com/segue-app/segue/web"
)

type serveCommand struct {
	sealing
	Listen string `help:"Address to listen on." default:"127.0.0.1:8090" env:"SEGUE_LISTEN"`
	URL    string `help:"Address under which people reach Segue, for links to pass on: https://segue.example.com. With https, cookies are sent over HTTPS only." env:"SEGUE_URL"`
	certificates
	Hosts          []string          `help:"Host names that requests may name; any when none is given." env:"SEGUE_HOSTS"`
	TrustedProxies []netip.Prefix    `help:"Networks of proxies whose X-Forwarded-For is believed." env:"SEGUE_TRUSTED_PROXIES"`
	OmnisendURL    string            `name:"omnisend-url" help:"Base of the Omnisend API." default:"https://api.omnisend.com/api" env:"SEGUE_OMNISEND_URL"`
	OmnisendWindow time.Duration     `name:"omnisend-window" help:"Length of the window of Omnisend's rate limit: a minute. Less only at a sandbox whose time runs faster." default:"1m" env:"SEGUE_OMNISEND_WINDOW"`
	MaxProfiles    int               `help:"Most profiles in one export, when the contract with Omnisend allows fewer than a million." default:"1000000" env:"SEGUE_MAX_PROFILES"`
	KeepEvidence   time.Duration     `help:"How long request and answer of profiles that were rejected are kept at most, sealed; administrators may set less." default:"720h" env:"SEGUE_KEEP_EVIDENCE"`
	KeepHistory    time.Duration     `help:"How long it is kept at most who was in which batch, for the stories of single persons; administrators may set less." default:"2160h" env:"SEGUE_KEEP_HISTORY"`
	WatchFolders   []string          `name:"watch-folder" help:"Folder in which sources may watch for files; none when none is given." type:"path" env:"SEGUE_WATCH_FOLDER"`
	SQLHosts       warehouse.Allowed `name:"sql-hosts" help:"Hosts whose SQL databases may be read: names, host:port or networks, with =plain behind those that may be reached without TLS. None when none is given." env:"SEGUE_SQL_HOSTS"`
	notices
	provider
	outcomes
	stores
	MetricsListen string     `name:"metrics-listen" help:"Address to serve metrics for Prometheus on, at /metrics; a port alone is one of this machine. None when none is given." env:"SEGUE_METRICS_LISTEN"`
	LogLevel      slog.Level `name:"log-level" help:"Least level of the lines of the log: debug, info, warn or error." default:"info" env:"SEGUE_LOG_LEVEL"`
	LogJSON       bool       `name:"log-json" help:"Write the log as JSON." env:"SEGUE_LOG_JSON"`
}

// Validate refuses what would only show later, in links that lead nowhere or runs that fail. Kong calls it.
func (c *serveCommand) Validate() error {
	if c.URL != "" && !isWebAddress(c.URL) {
		return errors.New("--url must be an address such as https://segue.example.com")
	}
	if err := c.certificates.Validate(); err != nil {
		return err
	}
	if !isWebAddress(c.OmnisendURL) {
		return errors.New("--omnisend-url must be an address such as " + omnisend.DefaultBaseURL)
	}
	if !isPrivate(c.OmnisendURL) {
		return errors.New("--omnisend-url must begin with https: the key of an account and its customers go there")
	}
	if c.OmnisendWindow <= 0 {
		return errors.New("--omnisend-window must be above zero")
	}
	if c.MaxProfiles < 1 || c.MaxProfiles > omnisend.MaxProfiles {
		return fmt.Errorf("--max-profiles must be 1 to %d", omnisend.MaxProfiles)
	}
	if c.KeepEvidence <= 0 || c.KeepHistory <= 0 {
		return errors.New("--keep-evidence and --keep-history must be above zero")
	}
	post, err := c.mail()
	if err == nil {
		_, err = mail.New(post)
	}
	if err == nil {
		_, err = c.places()
	}
	if err == nil {
		err = c.checkProvider(c.URL)
	}
	return errors.Join(err, c.stores.check())
}

func isWebAddress(text string) bool {
	address, err := url.Parse(text)
	return err == nil && (address.Scheme == "http" || address.Scheme == "https") && address.Host != ""
}

// isPrivate reports whether nobody can listen on the way to an address: it is encrypted, or does not leave this machine.
func isPrivate(text string) bool {
	address, err := url.Parse(text)
	if err != nil {
		return false
	}
	return address.Scheme == "https" || reach.Here(address.Hostname())
}

// Run serves until the process is asked to stop.
func (c *serveCommand) Run(ctx context.Context) error {
	slog.SetDefault(logline.New(os.Stderr, c.LogLevel, c.LogJSON))
	post, err := c.mail()
	if err != nil {
		return err
	}
	written, err := c.places()
	if err != nil {
		return err
	}
	shown, err := c.load()
	if err != nil {
		return err
	}
	key, err := c.source()
	if err != nil {
		return err
	}
	company, err := c.provider.config()
	if err != nil {
		return err
	}
	outside, err := c.stores.open(app.Config{Folder: c.Data, SealingKey: key})
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, app.Config{Folder: c.Data, SealingKey: key, Stores: outside, OmnisendURL: c.OmnisendURL, Window: c.OmnisendWindow,
		WatchFolders: c.WatchFolders, MaxProfiles: c.MaxProfiles, Retention: run.Retention{Evidence: c.KeepEvidence, History: c.KeepHistory}, SQL: warehouse.Limits{Allowed: c.SQLHosts},
		Mail: post, HookHosts: c.HookHosts, PublicURL: c.URL, Outcomes: written, Provider: company, Account: account.Options{NoPasswords: c.NoPasswords}})
	if err != nil {
		return err
	}
	address := c.URL
	if address == "" {
		address = c.scheme() + "://" + reachable(c.Listen)
	}
	token, err := a.Accounts.EnsureSetup(ctx)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	if token != "" {
		fmt.Printf("Nobody can sign in yet. Set up the first administrator here, once:\n  %s/setup?token=%s\n", strings.TrimRight(address, "/"), token)
	}
	return serving{app: a, listen: c.Listen, certificate: shown, files: c.files(), metrics: c.MetricsListen, ready: func(at net.Addr) { slog.Info("serving", "address", at.String()) },
		options: web.Options{PublicURL: c.URL, Secure: shown != nil || strings.HasPrefix(c.URL, "https://"), Hosts: c.Hosts, TrustedProxies: c.TrustedProxies}}.run(ctx)
}

// Package omnisend speaks with Omnisend: it writes contacts as Omnisend wants them and calls its REST API of version
// 2026-03-15. It knows HTTP and Omnisend, and nothing of runs: when to send, how often to try again and what to
// remember is the runner's, and the request budget is the gate's.
//
// Facts about the remote are cited as "Omnisend API reference 2026-03-15" with the name of the page.
package omnisend

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/secret"
)

// DefaultBaseURL is where Omnisend's API answers.
const DefaultBaseURL = "https://api.omnisend.com/api"

// Limits that Omnisend states, or that the product does.
const (
	Version           = "2026-03-15" // sent as Omnisend-Version with every request
	MaxProfiles       = 1_000_000    // in one export: the product's limit
	MaxBatch          = 100          // items in one batch (Omnisend API reference 2026-03-15, Batches)
	RequestsPerMinute = 400          // per brand, sliding (same, Rate limits)

	TagRequestsPerMinute = 60  // /contacts/tags has a pot of its own (same, Rate limits)
	MaxTagged            = 250 // addresses in one tag request (same, Contact tags)
	MaxTags              = 100 // in one request (same, Contacts)
)

// Options say where Omnisend is and how to reach it. The zero value is the real service.
type Options struct {
	BaseURL   string            // "" means DefaultBaseURL
	Timeout   time.Duration     // for one request, reading included; 0 means 30 seconds
	Transport http.RoundTripper // nil means a transport of its own

	MaxProfiles int // in one export, when the contract with Omnisend allows fewer than the product; 0 means as the product
}

// Driver is Omnisend as a kind of destination.
type Driver struct {
	base        string
	client      *http.Client
	maxProfiles int
}

var _ destination.Driver = (*Driver)(nil)

// NewDriver prepares the driver. One driver serves every account: connections are kept and reused between them.
func NewDriver(options Options) *Driver {
	if options.BaseURL == "" {
		options.BaseURL = DefaultBaseURL
	}
	if options.Timeout == 0 {
		options.Timeout = 30 * time.Second
	}
	if options.MaxProfiles <= 0 || options.MaxProfiles > MaxProfiles {
		options.MaxProfiles = MaxProfiles
	}
	if options.Transport == nil {
		options.Transport = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: options.Timeout,
			MaxIdleConns:          128,
			MaxIdleConnsPerHost:   32,
			IdleConnTimeout:       60 * time.Second,
			ForceAttemptHTTP2:     true,
			WriteBufferSize:       64 << 10, // a full batch goes out in one piece
		}
	}
	return &Driver{
		maxProfiles: options.MaxProfiles,
		base:        strings.TrimRight(options.BaseURL, "/"),
		client: &http.Client{
			Transport: options.Transport,
			Timeout:   options.Timeout,
			// A redirect would carry the key to wherever the answer points.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Info describes Omnisend.
func (d *Driver) Info() destination.Info {
	return destination.Info{
		Type:              "omnisend",
		Name:              "Omnisend",
		Host:              hostOf(d.base),
		Fields:            append([]destination.Field(nil), fieldOrder[:]...),
		Custom:            true,
		Clearable:         append(append([]destination.Field(nil), clearable[:]...), destination.CustomPrefix),
		Channels:          append([]destination.Channel(nil), channels[:]...),
		MaxProfiles:       d.maxProfiles,
		MaxBatch:          MaxBatch,
		RequestsPerMinute: RequestsPerMinute,
	}
}

// hostOf is where an address leads; "" when it is none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// Open gives the account of a key. The key is proved by Verify, not here.
func (d *Driver) Open(key secret.Text, gate destination.Gate) destination.Account {
	return &Account{driver: d, key: key, gate: gate}
}

// Package layout holds the frame around every page: head, navigation, person menu, messages, and the plain frames for
// those who are not signed in and for what went wrong. It knows the addresses of the main pages, and no page's content.
package layout

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/stop"
	"github.com/segue-app/segue/static"
	"github.com/segue-app/segue/views/component"
)

// Page is what the frame needs to know of the page inside it.
type Page struct {
	Title       string
	Window      string // what the window is called; as the page unless set
	Mark        Mark   // of the window's tab
	News        bool   // it tells when runs end
	Section     string // the navigation entry it belongs to: home, profiles, sources, segments, exports, exclusions, runs, connections, users, privacy, audit, approvals, system, status, alerts, help, account, search
	Breadcrumbs []Crumb
	Person      *Person // nil when nobody is signed in
	CSRF        string
	Flash       []Flash
	Stopped     *stop.Order // the emergency stop that stands; nil when none does
	Demo        bool        // says that data and destination are samples
	Path        string      // where a change of language or theme returns to
	Theme       string      // "light", "dark", "contrast", or empty for what the device wishes
}

// Crumb is a page above this one.
type Crumb struct{ Label, Href string }

// Person is who is signed in.
type Person struct {
	Name  string
	Email string
	Role  access.Role
}

// Flash is the answer to what the person just did.
type Flash struct {
	Kind string // success, info, warning, error
	Text string
}

// Trouble is what the problem page says.
type Trouble struct {
	Status    int
	Title     string
	Text      string // what to do
	Reference string // finds the request in the log; none if empty
}

// htmxConfig: a page's content security policy forbids what is switched off here; pages stay out of the browser's storage,
// because they may show personal data; and a form that is not accepted (422) is shown like any answer.
const htmxConfig = `{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"selfRequestsOnly":true,` +
	`"historyCacheSize":0,"refreshOnHistoryMiss":true,"scrollBehavior":"auto","responseHandling":[{"code":"204","swap":false},` +
	`{"code":"[23]..","swap":true},{"code":"422","swap":true},{"code":"[45]..","swap":false,"error":true}]}`

// htmxHeaders makes every htmx request carry the token that forms carry in a field.
func htmxHeaders(token string) string {
	encoded, err := json.Marshal(map[string]string{"X-CSRF-Token": token})
	if err != nil {
		return "{}" // a map of strings always encodes
	}
	return string(encoded)
}

type navGroup struct {
	title string // translation key; empty for the entries on top
	items []navItem
}

type navItem struct {
	section, label, icon, href string
	parts                      []navItem // below it, in place of a page of its own
}

// navigation lists what this person may open.
func navigation(person *Person) []navGroup {
	administers := person.Role == access.Administrator
	data := navGroup{"layout.nav.data", []navItem{
		{section: "profiles", label: "layout.nav.profiles", icon: "users", href: "/profiles"},
		{section: "segments", label: "layout.nav.segments", icon: "layers", href: "/segments"},
		{section: "exports", label: "layout.nav.exports", icon: "send", href: "/exports"},
		{section: "exclusions", label: "layout.nav.exclusions", icon: "ban", href: "/exclusions"},
	}}
	system := navItem{label: "layout.nav.system", icon: "settings", parts: []navItem{
		{section: "status", label: "layout.nav.status", href: "/system/status"},
		{section: "alerts", label: "layout.nav.alerts", href: "/system/alerts"},
	}}
	admin := navGroup{title: "layout.nav.admin"}
	if administers {
		data.items = slices.Insert(data.items, 2, navItem{section: "sources", label: "layout.nav.sources", icon: "database", href: "/sources"})
		system.parts = slices.Insert(system.parts, 1,
			navItem{section: "system", label: "layout.nav.schedule", href: "/system/schedule"})
		system.parts = append(system.parts, navItem{section: "approvals", label: "layout.nav.approvals", href: "/system/approvals"})
		admin.items = []navItem{
			{section: "connections", label: "layout.nav.connections", icon: "plug", href: "/connections"},
			{section: "users", label: "layout.nav.users", icon: "shield", href: "/users"},
			system,
			{section: "audit", label: "layout.nav.audit", icon: "scroll-text", href: "/audit"},
			{section: "privacy", label: "layout.nav.privacy", icon: "lock", href: "/privacy"},
		}
	} else {
		admin.items = []navItem{system}
	}
	return []navGroup{
		{"", []navItem{{section: "home", label: "layout.nav.home", icon: "house", href: "/"}}},
		data, admin,
		{"", []navItem{{section: "help", label: "layout.nav.help", icon: "help", href: "/help"}}},
	}
}

// holds reports whether the page belongs under the entry; runs have no entry of their own.
func (item navItem) holds(section string) bool {
	return item.section == section || (item.section == "exports" && section == "runs")
}

// Mark says in the icon of a tab how what it shows stands.
type Mark string

// The marks. The zero Mark is the product's own.
const (
	MarkRunning Mark = "running"
	MarkWaiting Mark = "waiting"
	MarkDone    Mark = "done"
	MarkFailed  Mark = "failed"
)

func (m Mark) icon() string {
	if m == "" {
		return static.URL("favicon.svg")
	}
	return static.URL("favicon-" + string(m) + ".svg")
}

func (p Page) windowTitle() string {
	if p.Window != "" {
		return p.Window
	}
	return p.Title
}

// WindowTitle is the window's title.
func WindowTitle(ctx context.Context, title string) string {
	product := i18n.T(ctx, "layout.product")
	if title == "" {
		return product
	}
	return title + " · " + product
}

func (f Flash) tone() component.Tone {
	switch f.Kind {
	case "success":
		return component.Success
	case "warning":
		return component.Warning
	case "error":
		return component.Danger
	}
	return component.Info
}

// themes are the choices of the person menu.
var themes = []struct{ value, label, icon string }{
	{"", "layout.theme.system", "monitor"},
	{"light", "layout.theme.light", "sun"},
	{"dark", "layout.theme.dark", "moon"},
	{"contrast", "layout.theme.contrast", "contrast"},
}

func stoppedText(ctx context.Context, order stop.Order) string {
	text := i18n.T(ctx, "stop.stands", "Name", order.By, "At", order.At)
	if order.Reason != "" {
		text += " " + i18n.T(ctx, "stop.because", "Reason", order.Reason)
	}
	return text
}

func pressed(yes bool) string {
	if yes {
		return "true"
	}
	return "false"
}

// initials takes the first letters of the first and the last word.
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return ""
	}
	letters := string([]rune(words[0])[:1])
	if len(words) > 1 {
		letters += string([]rune(words[len(words)-1])[:1])
	}
	return strings.ToUpper(letters)
}

// Addresses lists where the menu leads a person of the role.
func Addresses(role access.Role) (hrefs []string) {
	for _, group := range navigation(&Person{Role: role}) {
		for _, item := range group.items {
			for _, leaf := range append([]navItem{item}, item.parts...) {
				if leaf.href != "" {
					hrefs = append(hrefs, leaf.href)
				}
			}
		}
	}
	return hrefs
}

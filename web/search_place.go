package web

import (
	"cmp"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/views/help"
	"github.com/segue-app/segue/views/search"
)

// openable is a page that the search leads to by its name, or by what one does there.
type openable struct {
	label  string // key of its name
	words  string // key, behind "search.words.", of other words for it; "" for none
	icon   string
	href   string
	action access.Action // of its route
}

// openables are what can be opened without knowing of what: acts first, then pages, the emergency stop last. Each is a route; a test holds them to it.
var openables = []openable{
	{"connections.add", "connection", "plus", "/connections/new", access.ManageConnections},
	{"segments.new", "segment", "plus", "/segments/new", access.EditSegments},
	{"exports.add", "export", "plus", "/exports/new", access.UseSomeConnections},
	{"sources.add", "source", "plus", "/sources/new", access.ManageProfiles},
	{"sources.upload", "upload", "upload", "/profiles/upload", access.ManageProfiles},
	{"account.invite", "invite", "user-plus", "/users/new", access.ManageUsers},
	{"segments.transfer.title", "rule", "upload", "/segments/import", access.EditSegments},
	{"home.title", "home", "house", "/", access.LookAround},
	{"home.steps", "steps", "rocket", stepsPath, access.LookAround},
	{"profiles.title", "profiles", "users", "/profiles", access.LookAround},
	{"profiles.attributes", "attributes", "list", "/profiles/attributes", access.LookAround},
	{"unification.title", "unification", "copy-plus", "/profiles/unification", access.LookAround},
	{"story.title", "story", "history", "/story", access.SeePersonalData},
	{"segments.title", "segments", "layers", "/segments", access.LookAround},
	{"segments.overlap.title", "", "layers", "/segments/overlap", access.LookAround},
	{"sources.title", "sources", "database", "/sources", access.ManageProfiles},
	{"exports.title", "exports", "send", "/exports", access.LookAround},
	{"chart.glance", "glance", "activity", "/exports/glance", access.LookAround},
	{"runs.title", "runs", "play", "/runs", access.LookAround},
	{"exclusions.title", "exclusions", "ban", "/exclusions", access.LookAround},
	{"connections.title", "connections", "plug", "/connections", access.ManageConnections},
	{"account.users", "users", "shield", "/users", access.ManageUsers},
	{"erasure.title", "privacy", "lock", "/privacy", access.ManagePrivacy},
	{"erasure.retention.title", "retention", "clock", "/privacy/retention", access.ManagePrivacy},
	{"processing.terms.title", "terms", "file-text", "/privacy/terms", access.ManagePrivacy},
	{"processing.record.title", "record", "file-text", "/privacy/record", access.ManagePrivacy},
	{"status.title", "status", "activity", "/system/status", access.LookAround},
	{"status.tab.work", "work", "list", "/system/status/work", access.LookAround},
	{"status.tab.chains", "chains", "link", "/system/status/chains", access.LookAround},
	{"schedule.title", "schedule", "calendar-clock", "/system/schedule", access.ManageSchedule},
	{"alert.page", "alerts", "bell", "/system/alerts", access.LookAround},
	{"notice.title", "hooks", "mail", "/system/hooks", access.ManageHooks},
	{"approval.settings.title", "approvals", "shield-check", "/system/approvals", access.ManageApprovals},
	{"audit.title", "audit", "scroll-text", "/audit", access.ReadAudit},
	{"account.own", "account", "user", "/account", access.ManageOwnAccount},
	{"factor.title", "factors", "key-round", "/account/factors", access.SecureOwnAccount},
	{"token.title", "tokens", "key-round", "/account/tokens", access.ManageOwnAccount},
	{"help.title", "help", "help", "/help", access.LookAround},
	{"api.help.title", "api", "help", "/help/api", access.LookAround},
	{"search.place.stop", "stop", "circle-stop", "/system/stop", access.StopAll},
}

// placesFor lists the pages that the person may open and whose name, or other words for it, have every word of the text.
func placesFor(c echo.Context, asked string) (found []search.Result) {
	var offered []offer
	for _, p := range openables {
		if !actor(c).Can(p.action) {
			continue
		}
		o := offer{search.Result{Label: text(c, p.label), Icon: p.icon, Href: p.href}, ""}
		if p.words != "" {
			o.words = text(c, "search.words."+p.words)
		}
		offered = append(offered, o)
	}
	return fitting(offered, asked)
}

// helpFor lists the parts of the help that have the words in their titles.
func helpFor(c echo.Context, asked string) (found []search.Result) {
	var offered []offer
	for _, part := range help.Index(ctx(c)) {
		offered = append(offered, offer{search.Result{Label: part.Label, Icon: "book-open", Href: part.Href}, ""})
	}
	return fitting(offered, asked)
}

// offer is what may be found, and other words for it.
type offer struct {
	search.Result
	words string
}

// fitting keeps what has every word: first whose label begins with the text, then whose label has the words, then the rest.
func fitting(offered []offer, asked string) (found []search.Result) {
	type ranked struct {
		offer
		rank int
	}
	words := strings.Fields(database.Fold(asked))
	whole := strings.Join(words, " ")
	var fit []ranked
	for _, o := range offered {
		label := database.Fold(o.Label)
		all := label + " " + database.Fold(o.words)
		has := func(in string) bool {
			return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(in, word) })
		}
		switch {
		case strings.HasPrefix(label, whole):
			fit = append(fit, ranked{o, 0})
		case has(label):
			fit = append(fit, ranked{o, 1})
		case has(all):
			fit = append(fit, ranked{o, 2})
		}
	}
	slices.SortStableFunc(fit, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	for _, f := range fit {
		found = append(found, f.Result)
	}
	return found
}

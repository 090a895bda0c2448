package sandbox

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

//go:embed page
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "page/page.html"))

// faultField says how a fault is shown in the form. Name is its name in JSON.
type faultField struct {
	Name, Kind, Label, Hint string
	Value                   string
}

const (
	share = "share"
	count = "count"
	onOff = "switch"
	words = "text"
)

var faultForm = []faultField{
	{"latencyMillis", count, "Latency", "milliseconds before every answer", ""},
	{"jitterMillis", count, "More latency by chance", "up to so many milliseconds more", ""},
	{"throttleShare", share, "Answered 429", "share of requests, 0 to 1", ""},
	{"noRetryAfter", onOff, "429 without a hint", "leaves retryAfter out", ""},
	{"serverErrorShare", share, "Answered 5xx", "share of requests; nothing is done", ""},
	{"dropBeforeShare", share, "Connection cut before", "share of requests; nothing is done", ""},
	{"dropAfterShare", share, "Connection cut after", "share of requests; done, but not answered", ""},
	{"halfAnswerShare", share, "Answer cut off", "share of requests; done, half answered", ""},
	{"brokenJsonShare", share, "Broken JSON", "share of requests; done, the answer is half JSON", ""},
	{"path", words, "Only for paths with", "for all of the above; /batches, say", ""},
	{"othersPerMinute", count, "Requests of other apps", "a minute, from the same brand's budget", ""},
	{"largestBody", count, "Largest body", "bytes; larger ones are answered 413; 0 is 10 MB", ""},
	{"keysRevoked", onOff, "Keys withdrawn", "every key is answered 401", ""},
	{"versionRetired", onOff, "Version retired", "everything is answered 410", ""},
	{"deniedScopes", words, "Scopes withdrawn", "answered 403: contacts.write, say", ""},
	{"otherBrandID", words, "Another brand behind the key", "its id", ""},
	{"refuseBatchesWith", words, "Refuse batches with", "400 for a whole batch that has this text", ""},
	{"stallShare", share, "Batches stalled", "share of new batches; at 0 the stalled ones go on", ""},
	{"loseItemShare", share, "Items lost", "batches that lose an item and name a stranger", ""},
	{"stopAfterErrors", count, "Batches stopped", "after so many errors; 0 is never", ""},
	{"rejectShare", share, "Addresses rejected", "share of addresses, the same ones for a seed", ""},
	{"rejectEmail", words, "Reject addresses with", "this text", ""},
	{"rejectWith", count, "Rejected with", "the status beside those; 0 is 400", ""},
	{"replaceTags", onOff, "Tags replace", "instead of being added", ""},
	{"oldErrorShape", onOff, "Errors in the shape of v3", "error and fields", ""},
	{"seed", count, "Seed", "of everything that chance decides", ""},
}

// frame is what every page has.
type frame struct {
	Title, Version string
	Refresh        bool
}

type brandView struct {
	ID, Name, Key string
	Contacts      int
	Pots          []potView
}

type potView struct {
	Name         string
	Count, Limit int
}

type batchView struct {
	ID, Brand, State, Taken string
	Total, Done, Errors     int
	Stalled                 bool
}

func (s *Server) addPages(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { s.showOverview(w, r, http.StatusOK, "", nil) })
	mux.HandleFunc("GET /contacts", s.showContacts)
	mux.HandleFunc("POST /faults", s.postFaults)
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, r *http.Request) {
		s.Reset()
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /_sandbox/style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, pageFiles, "page/style.css")
	})
}

func show(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w)
}

// showOverview shows the whole; typed is the form as it was sent when something in it cannot be.
func (s *Server) showOverview(w http.ResponseWriter, r *http.Request, status int, problem string, typed url.Values) {
	faults := s.Faults()
	values := faults.values()
	form := append([]faultField(nil), faultForm...)
	for i := range form {
		form[i].Value = fmt.Sprint(values[form[i].Name])
		if typed != nil {
			form[i].Value = typed.Get(form[i].Name)
			if form[i].Kind == onOff {
				form[i].Value = strconv.FormatBool(typed.Has(form[i].Name))
			}
		}
	}
	faults.Seed = 0
	show(w, status, "overview", struct {
		frame
		Stats   Stats
		Minute  time.Duration
		Brands  []brandView
		Batches []batchView
		Faults  []faultField
		Faulty  bool
		Problem string
	}{
		frame{"Overview", version, r.URL.Query().Has("refresh")},
		s.Stats(), s.minute, s.brandViews(), s.batchViews(20), form, faults != Faults{}, problem,
	})
}

func (s *Server) brandViews() []brandView {
	var views []brandView
	now := s.options.Clock()
	for _, b := range s.list() {
		b.mu.Lock()
		view := brandView{ID: b.ID, Name: b.Name, Key: b.Key, Contacts: len(b.contacts)}
		for pot, name := range [pots]string{potOther: "General", potTags: "Tags"} {
			view.Pots = append(view.Pots, potView{name, b.windows[pot].count(now, s.minute), s.limits[pot]})
		}
		b.mu.Unlock()
		if view.Name == "" {
			view.Name = view.ID
		}
		views = append(views, view)
	}
	return views
}

// batchViews gives the latest batches of each brand.
func (s *Server) batchViews(limit int) []batchView {
	var views []batchView
	now := s.now()
	for _, b := range s.list() {
		b.mu.Lock()
		for i := len(b.batches) - 1; i >= max(0, len(b.batches)-limit) && b.batches[i] != nil; i-- {
			t := b.batches[i]
			views = append(views, batchView{
				ID: b.batchID(i), Brand: b.Name, State: t.state(now, s.halfway()), Stalled: t.Stalled,
				Total: t.Total, Done: len(t.Done) + len(t.Failed), Errors: len(t.Failed),
				Taken: time.UnixMilli(t.Created).UTC().Format(time.DateTime),
			})
		}
		b.mu.Unlock()
	}
	return views
}

// values gives the faults by their names in JSON.
func (f Faults) values() map[string]any {
	text, err := json.Marshal(f)
	if err != nil {
		panic(err) // a struct of numbers and texts always has a JSON form
	}
	var values map[string]any
	from := json.NewDecoder(bytes.NewReader(text))
	from.UseNumber()
	if err := from.Decode(&values); err != nil {
		panic(err)
	}
	return values
}

// postFaults takes the form. Fields that are left out or empty are switched off.
func (s *Server) postFaults(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	values := map[string]any{}
	for _, field := range faultForm {
		text := strings.TrimSpace(r.PostForm.Get(field.Name))
		if text == "" {
			continue
		}
		var err error
		switch field.Kind {
		case onOff:
			values[field.Name] = true
		case words:
			values[field.Name] = text
		case count:
			values[field.Name], err = strconv.ParseUint(text, 10, 63)
		case share:
			var n float64
			if n, err = strconv.ParseFloat(text, 64); err == nil && !(n >= 0 && n <= 1) {
				err = strconv.ErrRange
			}
			values[field.Name] = n
		}
		if err != nil {
			s.showOverview(w, r, http.StatusUnprocessableEntity,
				fmt.Sprintf("%s: %q is not %s", field.Label, text, map[string]string{count: "a whole number", share: "a share from 0 to 1"}[field.Kind]), r.PostForm)
			return
		}
	}
	text, err := json.Marshal(values)
	var f Faults
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.SetFaults(f)
	http.Redirect(w, r, "/#faults", http.StatusSeeOther)
}

const contactsPage = 50

type contactView struct {
	Contact
	Place int
}

func (s *Server) showContacts(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	b := s.list()[0]
	if query.Has("brand") {
		b = s.byID(query.Get("brand"))
	}
	skip, err := number(r, "skip", 0)
	if b == nil || err != nil {
		http.Error(w, "there is no such brand, or skip is no whole number", http.StatusBadRequest)
		return
	}
	search := strings.TrimSpace(query.Get("q"))
	contacts, more := b.search(search, skip, contactsPage)
	link := func(there bool, skip int) string {
		if !there {
			return ""
		}
		return "/contacts?" + url.Values{"brand": {b.ID}, "q": {search}, "skip": {strconv.Itoa(max(skip, 0))}}.Encode()
	}
	brands := s.brandViews()
	show(w, http.StatusOK, "contacts", struct {
		frame
		Brand          brandView
		Brands         []brandView
		Search         string
		Contacts       []contactView
		From, To       int
		Previous, Next string
	}{
		frame{"Contacts", version, false}, brands[b.number], brands, search, contacts,
		skip + 1, skip + len(contacts), link(skip > 0, skip-contactsPage), link(more, skip+contactsPage),
	})
}

// search gives a part of the contacts that have the text anywhere, as it is written or in lower case.
func (b *brand) search(text string, skip, limit int) (found []contactView, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	lower := strings.ToLower(text)
	for i, c := range b.contacts {
		if !strings.Contains(c.packed, text) && !strings.Contains(c.packed, lower) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if len(found) == limit {
			return found, true
		}
		found = append(found, contactView{b.contact(uint32(i)), i})
	}
	return found, false
}

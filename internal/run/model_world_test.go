package run_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
)

// TestWhateverHappensTheContactsAgreeWithTheModel does at random what people, faults and restarts can do to one export, and
// holds every contact against the model after every run. SEGUE_MODEL_SECONDS says for how long; without it there is nothing to do.
func TestWhateverHappensTheContactsAgreeWithTheModel(t *testing.T) {
	text := os.Getenv("SEGUE_MODEL_SECONDS")
	if text == "" {
		t.Skip("SEGUE_MODEL_SECONDS is not set: make test and make model set it")
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	until := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	for time.Now().Before(until) && !t.Failed() {
		rapid.Check(t, func(rt *rapid.T) {
			if time.Now().After(until) && !t.Failed() && h.steps > 0 {
				return
			}
			w := h.enter(rt)
			rt.Repeat(map[string]func(*rapid.T){
				"upload": w.upload, "segment": w.changeRule, "parts": w.changeParts, "mapping": w.changeMapping,
				"faults": w.changeFaults, "exclude": w.exclude, "pause": w.pause, "run": w.runPlainly, "run complete": w.runComplete,
				"retry": w.retry, "run in a storm": w.runDisturbed, "run in a storm again": w.runDisturbed,
			})
			w.calm()
		})
	}
	t.Logf("%d steps, %d runs of which %d ended early, %d pauses, %d restarts, %d contacts compared", h.steps, h.runs, h.early, h.pauses, h.restarts, h.compared)
}

// house is what all worlds share, because it takes long to build: a data folder with people, segments and a connection.
type house struct {
	t                                              *testing.T
	kit                                            *apptest.Kit
	app                                            *app.App
	admin                                          access.Actor
	connection                                     int64
	segments                                       [3]segment.Segment
	exports                                        int
	last                                           *world
	steps, runs, pauses, early, restarts, compared int
}

func newHouse(t *testing.T) *house {
	k := apptest.Start(t, 1)
	h := &house{t: t, kit: k, connection: k.Connect().ID, admin: k.Actor(access.Administrator)}
	k.Upload(strings.Join(columns, ",") + "\np0,e000@example.dk,,,,,,,north,1\n")
	for i := range h.segments {
		made, err := k.Segments.Create(t.Context(), h.admin, segment.Draft{Name: fmt.Sprint("Segment ", i), Definition: everybody})
		if err != nil {
			t.Fatal(err)
		}
		h.segments[i] = made
	}
	k.Stop()
	h.open()
	t.Cleanup(func() {
		if err := h.app.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// open opens the data folder without the job queue's workers: the worlds carry out runs themselves, at once.
func (h *house) open() {
	a, err := app.Open(context.Background(), h.kit.Config)
	if err != nil {
		h.t.Fatal(err)
	}
	h.app = a
}

var everybody = segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All}}

// world is one sequence of steps, with an export and a stand-in of its own.
type world struct {
	*house
	rt       *rapid.T
	order    order
	export   export.Export
	paused   bool
	calming  bool
	yielding bool // its last run is paused, and the next one takes its place
	next     int  // number of the next customer
	held     map[string]*belief

	story   []string // see model_log_test.go
	leavers export.Leavers
	under   map[string]map[string]bool // addresses that a profile may last have been delivered under
	of      int64                      // the last run that rejected somebody, 0 when none did
	turned  map[string]bool            // whom that run rejected
	refused map[string]bool            // profiles as they were when refused, see standing
}

func (h *house) enter(rt *rapid.T) *world {
	h.kit.Sandbox.Reset()
	if h.last != nil { // the list of exclusions is everybody's
		for identity := range h.last.order.never {
			h.last.include(identity)
		}
	}
	w := &world{house: h, rt: rt, held: map[string]*belief{}, under: map[string]map[string]bool{}, refused: map[string]bool{}, order: order{people: map[string]customer{}, never: map[string]bool{}, parts: []part{{0, "red"}}}}
	h.last = w
	w.leavers = rapid.SampledFrom([]export.Leavers{export.Untag, export.KeepTag}).Draw(rt, "leavers")
	w.setMapping("email", nil)
	w.fill(rt)
	for i := range h.segments {
		w.setRule(i, rule{level: 1})
	}
	h.exports++
	made, err := h.app.Exports.Create(context.Background(), h.admin, w.draft())
	w.must(err)
	w.export = made
	return w
}

func (w *world) must(err error) {
	if err != nil {
		w.rt.Helper()
		w.rt.Fatal(err)
	}
}

func (w *world) draft() export.Draft {
	d := export.Draft{Name: fmt.Sprint("Export ", w.exports), ConnectionID: w.connection, Mapping: slices.Clone(w.order.mapping), Schedule: export.Schedule{When: export.Off}, Leavers: w.leavers, Version: w.export.Version}
	for _, p := range w.order.parts {
		d.Parts = append(d.Parts, export.Part{SegmentID: w.segments[p.segment].ID, Tag: p.tag})
	}
	return d
}

// What people do.

func (w *world) fill(rt *rapid.T) {
	count := rapid.IntRange(5, 60).Draw(rt, "customers")
	for range count {
		w.add(w.customer(rt))
	}
	if rapid.IntRange(0, 7).Draw(rt, "many") == 0 { // several batches
		for i := range 250 {
			w.add(customer{email: addresses[100+i], first: fmt.Sprint("Many", w.next), area: "north", level: 1 + i%5})
		}
	}
	w.send()
}

func (w *world) add(c customer) {
	c.id = fmt.Sprintf("p%04d", w.next)
	w.next++
	w.order.people[c.id] = c
}

func text(values ...string) *rapid.Generator[string] { return rapid.SampledFrom(values) }

func address(rt *rapid.T) string {
	if rapid.IntRange(0, 9).Draw(rt, "bad") == 0 {
		return text(malformed...).Draw(rt, "email")
	}
	return rapid.SampledFrom(spelt).Draw(rt, "spelling")(text(addresses[:40]...).Draw(rt, "email"))
}

func (w *world) customer(rt *rapid.T) customer {
	return customer{email: address(rt), other: address(rt), first: text("", "Ida", "Åge", `O"Neil`, "Bo").Draw(rt, "first"),
		last: text("", "Holm", "Lund", "Sø").Draw(rt, "last"), city: text("", "Ribe", "Åbo", "Køge").Draw(rt, "city"),
		points: text("", "5", "70", "12.5").Draw(rt, "points"), labels: text("", "vip", "vip;b2b", "old", "a<b").Draw(rt, "labels"),
		area: text("north", "south", "west").Draw(rt, "area"), level: rapid.IntRange(1, 5).Draw(rt, "level")}
}

func (w *world) upload(rt *rapid.T) {
	w.steps++
	for range rapid.IntRange(1, 8).Draw(rt, "changes") {
		ids := slices.Sorted(maps.Keys(w.order.people))
		kind := rapid.IntRange(0, 6).Draw(rt, "change")
		if len(ids) < 4 || kind == 0 {
			w.add(w.customer(rt))
			continue
		}
		id := rapid.SampledFrom(ids).Draw(rt, "who")
		c := w.order.people[id]
		fresh := w.customer(rt)
		switch kind {
		case 1:
			delete(w.order.people, id)
			continue
		case 2:
			c.email, c.other = fresh.email, fresh.other
		case 3:
			c.first, c.last, c.city = fresh.first, fresh.last, fresh.city
		case 4:
			c.points, c.labels = fresh.points, fresh.labels
		case 5:
			c.area, c.level = fresh.area, fresh.level
		case 6: // takes the address of another, who may come before or after
			c.email = w.order.people[rapid.SampledFrom(ids).Draw(rt, "whose")].email
		}
		w.order.people[id] = c
	}
	w.send()
}

// send uploads the customers as a file.
func (w *world) send() {
	var file strings.Builder
	out := csv.NewWriter(&file)
	w.must(out.Write(columns))
	for _, id := range slices.Sorted(maps.Keys(w.order.people)) {
		w.must(out.Write(w.order.people[id].row()))
	}
	out.Flush()
	done, err := w.app.Sources.ImportFile(context.Background(), access.System, "sample-customers.csv", strings.NewReader(file.String()), source.Settings{Delimiter: ","})
	w.must(err)
	if done.Good != len(w.order.people) {
		w.fail("", "%d profiles of %d were taken", done.Good, len(w.order.people))
	}
}

func (w *world) changeRule(rt *rapid.T) {
	w.steps++
	w.setRule(rapid.IntRange(0, 2).Draw(rt, "segment"), rule{rapid.IntRange(1, 5).Draw(rt, "level"), text("", "north", "south").Draw(rt, "area")})
}

func (w *world) setRule(i int, r rule) {
	w.order.rules[i] = r
	conditions := []segment.Condition{{Attribute: "level", Operator: segment.AtLeast, Values: []string{strconv.Itoa(r.level)}}}
	if r.area != "" {
		conditions = append(conditions, segment.Condition{Attribute: "area", Operator: segment.Equals, Values: []string{r.area}})
	}
	s := w.segments[i]
	changed, err := w.app.Segments.Update(context.Background(), w.admin, s.ID, segment.Draft{Name: s.Name, Version: s.Version,
		Definition: segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All, Conditions: conditions}}})
	w.must(err)
	w.segments[i] = changed
}

// exclude puts an address on the list of those never sent, or takes it off.
func (w *world) exclude(rt *rapid.T) {
	w.steps++
	identity := text(addresses[:40]...).Draw(rt, "address")
	if !w.order.never[identity] {
		_, err := w.app.Exclusions.Add(context.Background(), w.admin, strings.NewReader(rapid.SampledFrom(spelt).Draw(rt, "spelling")(identity)+"\n"), "")
		w.must(err)
		w.order.never[identity] = true
		return
	}
	w.include(identity)
}

func (w *world) include(identity string) {
	found, err := w.app.Exclusions.Check(context.Background(), w.admin, identity)
	w.must(err)
	w.must(w.app.Exclusions.RemoveEmail(context.Background(), w.admin, found.ID))
	delete(w.order.never, identity)
}

func (w *world) save() {
	changed, err := w.app.Exports.Update(context.Background(), w.admin, w.export.ID, w.draft())
	w.must(err)
	w.export = changed
}

func (w *world) changeParts(rt *rapid.T) {
	w.steps++
	w.order.parts = nil
	for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, 2), 1, 3, rapid.ID[int]).Draw(rt, "segments") {
		w.order.parts = append(w.order.parts, part{i, text("red", "blue", "green", "").Draw(rt, "tag")})
	}
	w.save()
}

var optional = export.Mapping{{Field: destination.FirstName, Attribute: "first_name", Meant: true}, {Field: destination.LastName, Attribute: "last_name", Meant: true},
	{Field: destination.City, Attribute: "city"}, {Field: destination.CustomPrefix + "points", Attribute: "points"}, {Field: destination.Tags, Attribute: "labels"}}

func (w *world) changeMapping(rt *rapid.T) {
	w.steps++
	w.setMapping(text("email", "email", "other_email").Draw(rt, "address"), rapid.SliceOfNDistinct(rapid.IntRange(0, len(optional)-1), 0, 3, rapid.ID[int]).Draw(rt, "without"))
	w.save()
}

func (w *world) setMapping(address string, without []int) {
	w.order.mapping = export.Mapping{{Field: destination.Email, Attribute: address, Meant: true}}
	for i, pair := range optional {
		if !slices.Contains(without, i) {
			w.order.mapping = append(w.order.mapping, pair)
		}
	}
}

func (w *world) pause(*rapid.T) {
	w.steps++
	change := w.app.Exports.Pause
	if w.paused {
		change = w.app.Exports.Resume
	}
	w.must(change(context.Background(), w.admin, w.export.ID))
	w.paused = !w.paused
	var err error
	w.export, err = w.app.Exports.Get(context.Background(), w.admin, w.export.ID)
	w.must(err)
}

// What goes wrong at the destination.

func (w *world) changeFaults(rt *rapid.T) {
	w.steps++
	w.kit.Sandbox.SetFaults(faults(rt))
}

func faults(rt *rapid.T) sandbox.Faults {
	f := sandbox.Faults{Seed: rapid.Uint64Max(99).Draw(rt, "seed"), NoRetryAfter: true, LatencyMillis: rapid.IntRange(0, 4).Draw(rt, "latency"), JitterMillis: 3}
	share := rapid.SampledFrom([]float64{0, 0, 0.05, 0.2})
	f.ThrottleShare, f.ServerErrorShare = share.Draw(rt, "throttled"), share.Draw(rt, "server errors")
	f.DropBeforeShare, f.DropAfterShare = share.Draw(rt, "cut before"), share.Draw(rt, "cut after")
	f.HalfAnswerShare, f.BrokenJSONShare = share.Draw(rt, "half"), share.Draw(rt, "broken")
	f.RejectEmail, f.RefuseBatchesWith = text("", "", "e01", "rené").Draw(rt, "rejected"), text("", "", "", "e02").Draw(rt, "refused")
	f.StopAfterErrors = rapid.IntRange(0, 2).Draw(rt, "stops after")
	f.OldErrorShape = rapid.Bool().Draw(rt, "old shape")
	return f
}

// calm ends a sequence: no faults, and one more run brings everything into order; a further one finds nothing to do.
func (w *world) calm() {
	if w.paused {
		w.pause(nil)
	}
	w.calming = true
	w.kit.Sandbox.SetFaults(sandbox.Faults{})
	for _, options := range []run.Options{{}, {Complete: true}, {}} {
		if r := w.carryOut(options, nil); r.State != run.Succeeded && r.State != run.Warnings {
			w.fail("", "in calm, the run ended as %s (%s %s) %+v", r.State, r.ErrorCode, r.ErrorDetail, r.Counts)
		} else if r.Counts.Refused != r.Counts.Known || options.Complete && r.Counts.Refused != 0 {
			w.fail("", "in calm, %d were refused", r.Counts.Refused)
		}
	}
	again := w.carryOut(run.Options{}, nil)
	if again.Counts.Accepted != 0 || again.Counts.Refused != 0 || again.BatchesSent != 0 || again.Counts.Withdrawn != 0 {
		w.fail("", "with nothing new, something was done: %+v", again.Counts)
	}
	w.must(w.app.Exports.RemoveExport(context.Background(), w.admin, w.export.ID))
}

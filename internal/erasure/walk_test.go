package erasure_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
)

// The person of these tests. Nothing else in the data folder has one of these texts in it.
const (
	key     = "planted-4711"
	address = "quillon.planted@example.org"
	name    = "Zephyrquillon"
	tag     = "segue everybody"
)

const others = 250

// all are the profiles but the person: those of the file, and the one customer of the demonstration, of another source.
const all = 2*others + 1

// file is an upload with the person among others, who have a point more in each version.
func file(version int) string {
	var csv strings.Builder
	csv.WriteString("customer_id,email,first_name,points\n")
	for i := range others {
		fmt.Fprintf(&csv, "c%04d,c%04d@example.com,Anna,%d\n", i, i, version)
	}
	fmt.Fprintf(&csv, "%s,%s,%s,%d\n", key, strings.ToUpper(address[:1])+address[1:], name, version)
	for i := range others {
		fmt.Fprintf(&csv, "z%04d,z%04d@example.com,Bo,%d\n", i, i, version)
	}
	return csv.String()
}

func kit(t *testing.T) *apptest.Kit {
	t.Helper()
	// Slower than other tests, so that no run loses its patience with stalled batches while a slow machine erases.
	k := apptest.StartAt(t, 1, apptest.Speed/10)
	bringIn(t, k, file(1))
	return k
}

// exporting makes an export of everybody.
func exporting(t *testing.T, k *apptest.Kit, called string, connectionID int64, leavers export.Leavers) export.Export {
	t.Helper()
	admin := k.Actor(access.Administrator)
	page, err := k.Segments.List(t.Context(), admin, segment.Query{Search: demo.Everybody})
	if err != nil {
		t.Fatal(err)
	}
	e, err := k.Exports.Create(t.Context(), admin, export.Draft{Name: called, ConnectionID: connectionID, Leavers: leavers,
		Parts: []export.Part{{SegmentID: page.Segments[0].ID, Tag: tag}},
		Mapping: export.Mapping{{Field: destination.Email, Attribute: "email", Meant: true}, {Field: destination.FirstName, Attribute: "first_name", Meant: true},
			{Field: destination.CustomPrefix + "points", Attribute: "points"}}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func erase(t *testing.T, k *apptest.Kit, text string) int64 {
	t.Helper()
	id, err := k.Erasures.Erase(t.Context(), k.Actor(access.Administrator), erasure.Order{Query: erasure.Query{Text: text}, Confirm: text,
		Reason: erasure.Asked, Reference: "GDPR-2026-17"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// followed waits until nothing is left to do after an erasure.
func followed(t *testing.T, k *apptest.Kit, id int64) erasure.Erasure {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		if _, err := k.Erasures.Follow(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		e, err := k.Erasures.Get(t.Context(), k.Actor(access.Administrator), id)
		if err != nil {
			t.Fatal(err)
		}
		if e.Waiting() == 0 && !e.RewrittenAt.IsZero() {
			return e
		}
		if time.Now().After(deadline) {
			t.Fatalf("not done: %+v", e)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// wantNothing looks through every file of the data folder for the person.
func wantNothing(t *testing.T, k *apptest.Kit) {
	t.Helper()
	err := filepath.WalkDir(k.Config.Folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		content = bytes.ToLower(content)
		for _, text := range []string{key, address, name} {
			if at := bytes.Index(content, []byte(strings.ToLower(text))); at >= 0 {
				t.Errorf("%s still has %q: %q", filepath.Base(path), text, content[max(at-60, 0):min(at+80, len(content))])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func count(e erasure.Erasure, place string) int {
	i := slices.IndexFunc(e.Removed, func(c erasure.Count) bool { return c.Place == place })
	if i < 0 {
		return 0
	}
	return e.Removed[i].Number
}

func TestOfAPersonWhoIsErasedNothingIsLeftButTheProofAndRunsUnderWayGoOn(t *testing.T) {
	k := kit(t)
	admin := k.Actor(access.Administrator)
	connection := k.Connect()
	first := exporting(t, k, "First", connection.ID, export.Untag)
	second := exporting(t, k, "Second", connection.ID, export.Untag)
	third := exporting(t, k, "Third", connection.ID, export.KeepTag)

	// Refused with evidence, then accepted, in a list, tried alone.
	k.Sandbox.SetFaults(sandbox.Faults{RejectEmail: "planted"})
	if r := k.Run(first, run.Options{}); r.Counts.Refused != 1 {
		t.Fatalf("%+v", r.Counts)
	}
	if r := k.Run(third, run.Options{}); r.Counts.Refused != 1 {
		t.Fatalf("%+v", r.Counts)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	if r := k.Run(first, run.Options{Complete: true}); r.Counts.Refused != 0 {
		t.Fatalf("%+v", r.Counts)
	}
	for entries, entry := range map[segment.Entries]string{segment.IDs: key, segment.Addresses: address} {
		list, err := k.Segments.UploadList(t.Context(), admin, strings.NewReader(entry+"\nanna@example.com\n"), entries)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Segments.Create(t.Context(), admin, segment.Draft{Name: "Listed by " + string(entries), Definition: segment.Definition{Kind: segment.ByList, ListID: list.ID, ListBy: entries}}); err != nil {
			t.Fatal(err)
		}
	}

	// Two runs in the middle, each with a snapshot of its own: what they have sent has no outcome.
	k.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
	bringIn(t, k, file(2))
	midway := startAndWait(t, k, first)
	bringIn(t, k, file(3))
	paused := startAndWait(t, k, second)
	bringIn(t, k, file(4))
	if _, err := k.Sources.Receive(t.Context(), admin, 0, "next.csv", 0, strings.NewReader(file(5))); err != nil {
		t.Fatal(err)
	}

	found, err := k.Erasures.Find(t.Context(), admin, erasure.Query{Text: " " + strings.ToUpper(address) + " "})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Profiles) != 1 || found.Profiles[0].ID != key || len(found.Held) != 5 || len(found.Lists) != 2 || len(found.Files) != 1 || found.Files[0].Lines != 1 {
		t.Fatalf("%d profiles, %d in snapshots, %d in lists, files %+v", len(found.Profiles), len(found.Held), len(found.Lists), found.Files)
	}
	places := map[run.Place]int{}
	for _, trace := range found.Traces {
		places[trace.Place]++
	}
	for _, place := range []run.Place{run.InDeliveries, run.InRefusals, run.InRejections, run.InEvidence, run.InBatches} {
		if places[place] == 0 {
			t.Errorf("nothing is shown of %s: %v", place, places)
		}
	}

	id := erase(t, k, key)
	k.Sandbox.SetFaults(sandbox.Faults{})
	for _, runID := range []int64{midway, paused} {
		if r := k.Wait(runID); r.State != run.Succeeded || r.Counts.Erased != 1 || r.Counts.Open() != 0 || r.Counts.Accepted != all {
			t.Errorf("run %d ended as %s (%s %s) %+v", runID, r.State, r.ErrorCode, r.ErrorDetail, r.Counts)
		}
	}
	e := followed(t, k, id)
	if err := k.DB.Rewrite(t.Context()); err != nil { // of what the runs wrote since
		t.Fatal(err)
	}
	wantNothing(t, k)
	if e.Reference != "GDPR-2026-17" || e.By != admin.Name || count(e, "snapshots") != 5 || count(e, "files") != 1 || count(e, "lists") != 2 || count(e, "evidence") != 2 {
		t.Errorf("%+v", e)
	}
	k.Sandbox.Settle()
	if held, ok := k.Sandbox.Contact(address); !ok || len(held.Tags) != 0 {
		t.Errorf("at the destination: %v %+v", ok, held)
	}

	// The next upload does not bring them back, also not under another key.
	bringIn(t, k, strings.Replace(file(6), key, "another-key", 1))
	imports, err := k.Sources.Imports(t.Context(), admin, 1)
	if err != nil || imports[0].Erased != 1 || imports[0].Good != 2*others {
		t.Errorf("%+v, %v", imports, err)
	}
	if r := k.Run(first, run.Options{}); r.Counts.Profiles != all || r.Counts.Withdrawn != 0 || r.State != run.Succeeded {
		t.Errorf("the next run: %s %+v", r.State, r.Counts)
	}
	if held, _ := k.Sandbox.Contact(address); len(held.Tags) != 0 {
		t.Errorf("the tag is back: %+v", held)
	}
	if lifted, err := k.Erasures.Allow(t.Context(), admin, address); err != nil || !slices.Equal(lifted, []int64{id}) {
		t.Fatalf("%v, %v", lifted, err)
	}
	bringIn(t, k, file(7))
	if r := k.Run(first, run.Options{}); r.Counts.Profiles != all+1 {
		t.Errorf("allowed again: %+v", r.Counts)
	}
}

// startAndWait starts an export and waits until everything is sent.
func startAndWait(t *testing.T, k *apptest.Kit, e export.Export) int64 {
	t.Helper()
	started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{Complete: true})
	if err != nil {
		t.Fatal(err)
	}
	k.Until(started.ID, func(r run.Run) bool { return r.Planned && r.BatchesSent == 6 })
	return started.ID
}

// bringIn imports a file into a source beside the customers of the demonstration.
func bringIn(t *testing.T, k *apptest.Kit, text string) {
	t.Helper()
	if _, err := k.Sources.ImportFile(t.Context(), access.System, "profiles.csv", strings.NewReader(text), source.Settings{}); err != nil {
		t.Fatal(err)
	}
}

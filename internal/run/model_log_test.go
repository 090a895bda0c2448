package run_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/segue-app/segue/internal/run"
)

// This file remembers what happened in a world, because not every failure happens again when the sequence is repeated.

// note remembers how a run ended, and how every profile and contact stood then.
func (w *world) note(r run.Run, fates map[string]*fate, list []disturbance) {
	kinds := make([]string, len(list))
	for i, d := range list {
		kinds[i] = fmt.Sprintf("%s after %s", d.kind, d.after)
	}
	w.said("run %d ended as %s %s%s planned=%t retry=%t complete=%t %q", r.ID, r.State, r.ErrorCode, r.PauseCode, r.Planned, r.OfRun != 0, r.Complete, kinds)
	rejections, err := w.app.Runs.Rejections(context.Background(), w.admin, r.ID, "", 0, 10000)
	w.must(err)
	outcomes := map[string]string{}
	for _, x := range rejections {
		outcomes[x.ProfileID] = fmt.Sprint(x.Outcome, " ", x.Code, " since ", x.SinceRun)
	}
	for id, f := range fates {
		w.said("  %s %s should be %+v, outcome %q", f.identity, id, *f, outcomes[id])
	}
	w.rows("  %[2]s %[1]s delivery %[3]q hash %[4]q run %[5]s", `SELECT profile_id, identity, tags, length(hash), run_id FROM deliveries WHERE export_id = ?`, w.export.ID)
	w.rows("  %[2]s %[1]s withdrawal %[3]q why %[4]q later %[5]s", `SELECT profile_id, identity, tags, why, later FROM withdrawals WHERE run_id = ?`, r.ID)
	for c := range w.kit.Sandbox.Contacts() {
		w.said("  %s is %v %v", c.Email, fieldsOf(c), c.Tags)
	}
}

func (w *world) rows(format, query string, args ...any) {
	rows, err := w.app.DB.Reader().Query(query, args...)
	w.must(err)
	for rows.Next() {
		var a, b, c, d, e string
		w.must(rows.Scan(&a, &b, &c, &d, &e))
		w.said(format, a, b, c, d, e)
	}
	w.must(rows.Close())
}

func (w *world) said(format string, args ...any) {
	w.story = append(w.story, fmt.Sprintf(format, args...))
}

// fail ends the test and tells what happened to a contact, and to the profiles that had its address.
func (w *world) fail(identity, format string, args ...any) {
	w.rt.Helper()
	about := []string{identity}
	for _, line := range w.story {
		if words := strings.Fields(line); strings.HasPrefix(line, "  "+identity+" p") && !slices.Contains(about, words[1]) {
			about = append(about, words[1])
		}
	}
	var told strings.Builder
	for _, line := range w.story {
		if strings.HasPrefix(line, "run") || slices.ContainsFunc(about, func(word string) bool { return strings.Contains(line, word+" ") }) {
			told.WriteString(line + "\n")
		}
	}
	message := fmt.Sprintf(format, args...)
	w.t.Logf("%s\n%s", message, told.String())
	w.rt.Fatal(message)
}

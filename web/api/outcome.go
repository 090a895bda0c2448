package api

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/tabular"
	views "github.com/segue-app/segue/views/run"
)

// Outcome is what became of one profile of a run. A profile that was rejected for several reasons has several.
type Outcome struct {
	Profile     string          `json:"profile"`
	Outcome     run.ChapterKind `json:"outcome"`
	Address     string          `json:"address,omitempty"` // under which it was sent
	Tags        []string        `json:"tags,omitempty"`
	SentAt      *time.Time      `json:"sent_at,omitempty"`
	Field       string          `json:"field,omitempty"`
	Reason      *Reason         `json:"reason,omitempty"`
	Words       string          `json:"words,omitempty"` // the destination's own
	DuplicateOf string          `json:"duplicate_of,omitempty"`
	SinceRun    int64           `json:"since_run,omitempty"` // whose refusal still holds
	Cursor      string          `json:"cursor"`              // to go on behind this line
}

// outcomeKinds are those that a profile of a run may have.
var outcomeKinds = []run.ChapterKind{run.ChapterAccepted, run.ChapterInvalid, run.ChapterRefused, run.ChapterKnown, run.ChapterDuplicate, run.ChapterExcluded,
	run.ChapterUnderway, run.ChapterUnsure, run.ChapterUnsent}

const ndjson = "application/x-ndjson"

// streamOutcomes tells what became of each profile, as the reader takes it. A reader that was cut off goes on with the cursor of the
// last line that it has.
func (a *API) streamOutcomes(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	from, err := readPlace(c.QueryParam("cursor"))
	if err != nil {
		return err
	}
	kind, err := outcomeFormat(c)
	if err != nil {
		return err
	}
	only := run.ChapterKind(c.QueryParam("outcome"))
	if only != "" && !slices.Contains(outcomeKinds, only) {
		return bad("api.problem.outcome")
	}
	by := needs(c, access.SeePersonalData)
	if err := by.Require(access.SeePersonalData); err != nil {
		return err
	}
	r, err := a.Runs.Outlined(ctx(c), by, id)
	if err != nil {
		return err
	}
	if err := a.Audit.Looked(ctx(c), by, audit.SawOutcomes, audit.Of("run", id, r.ExportName)); err != nil {
		return err
	}
	leave, err := a.fetching.enter(c)
	if err != nil {
		return err
	}
	defer leave()
	name := a.Connections.DestinationName(r.DestinationType)
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, kind)
	h.Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": fmt.Sprintf("run-%d-outcomes.%s", id, extension(kind))}))
	c.Response().WriteHeader(http.StatusOK)
	still := func() error { return a.still(c, access.SeePersonalData) }
	out := bufio.NewWriterSize(&patient{c.Response(), http.NewResponseController(c.Response()), still}, 32<<10)
	lines := newLines(kind, out)
	if err := lines.begin(); err != nil {
		return err
	}
	err = a.Runs.Outcomes(ctx(c), by, id, from, func(told run.Told) error {
		if only != "" && told.Kind != only {
			return nil
		}
		written := Outcome{Profile: told.ProfileID, Outcome: told.Kind, Address: told.Identity, Tags: told.Tags, SentAt: moment(told.SentAt), Field: told.Field,
			Words: told.Message, DuplicateOf: told.OtherID, SinceRun: told.SinceRun, Cursor: writePlace(told.Place)}
		if told.Code != "" {
			written.Reason = &Reason{told.Code, views.ReasonText(ctx(c), told.Code, name)}
		}
		return lines.write(written)
	})
	if err != nil {
		return err
	}
	if err := lines.end(); err != nil {
		return err
	}
	return out.Flush()
}

// outcomeFormat reads what the request accepts: NDJSON unless it wants CSV.
func outcomeFormat(c echo.Context) (string, error) {
	accept := c.Request().Header.Get(echo.HeaderAccept)
	if accept == "" {
		return ndjson, nil
	}
	for _, part := range strings.Split(accept, ",") {
		kind, _, err := mime.ParseMediaType(strings.TrimSpace(part))
		switch {
		case err != nil:
		case kind == "text/csv":
			return "text/csv; charset=utf-8", nil
		case kind == ndjson, kind == "application/*", kind == "*/*":
			return ndjson, nil
		}
	}
	return "", echo.NewHTTPError(http.StatusNotAcceptable)
}

func extension(kind string) string {
	if kind == ndjson {
		return "ndjson"
	}
	return "csv"
}

// lines write outcomes one by one.
type lines interface {
	begin() error
	write(Outcome) error
	end() error
}

func newLines(kind string, out io.Writer) lines {
	if kind == ndjson {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		return jsonLines{encoder}
	}
	return csvLines{tabular.NewWriter(out)}
}

type jsonLines struct{ encoder *json.Encoder }

func (l jsonLines) begin() error          { return nil }
func (l jsonLines) write(o Outcome) error { return l.encoder.Encode(o) }
func (l jsonLines) end() error            { return nil }

type csvLines struct{ out *tabular.Writer }

func (l csvLines) begin() error {
	return l.out.Write("profile", "outcome", "address", "tags", "sent_at", "field", "code", "reason", "words", "duplicate_of", "since_run", "cursor")
}

func (l csvLines) write(o Outcome) error {
	var reason Reason
	if o.Reason != nil {
		reason = *o.Reason
	}
	sent, since := "", ""
	if o.SentAt != nil {
		sent = o.SentAt.Format(time.RFC3339)
	}
	if o.SinceRun != 0 {
		since = strconv.FormatInt(o.SinceRun, 10)
	}
	return l.out.Write(o.Profile, string(o.Outcome), o.Address, strings.Join(o.Tags, "\n"), sent, o.Field, reason.Code, reason.Text, o.Words, o.DuplicateOf, since, o.Cursor)
}

func (l csvLines) end() error { return l.out.Flush() }

// patient gives every piece a minute, so that a slow reader gets all of it, and one that is gone is noticed. Before each it asks
// whether the reader may still have it.
type patient struct {
	response   http.ResponseWriter
	controller *http.ResponseController
	still      func() error
}

// Write sends a piece.
func (w *patient) Write(p []byte) (int, error) {
	if err := w.still(); err != nil {
		return 0, err
	}
	// A recorder in a test has no deadlines; a connection has.
	_ = w.controller.SetWriteDeadline(time.Now().Add(readWithin))
	return w.response.Write(p)
}

// writePlace makes a cursor of a place among the outcomes.
func writePlace(p run.Telling) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "outcomes:%d.%d.%d", p.Rejection, p.Batch, p.Entry))
}

func readPlace(text string) (p run.Telling, err error) {
	if text == "" {
		return p, nil
	}
	inside, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return p, bad("api.problem.cursor")
	}
	if _, err := fmt.Sscanf(string(inside), "outcomes:%d.%d.%d", &p.Rejection, &p.Batch, &p.Entry); err != nil {
		return run.Telling{}, bad("api.problem.cursor")
	}
	if p.Rejection < 0 || p.Batch < 0 || p.Entry < 0 || writePlace(p) != text {
		return run.Telling{}, bad("api.problem.cursor")
	}
	return p, nil
}

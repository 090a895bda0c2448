package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/status"
)

const (
	chainsOnPage = 25
	chainsLately = 5
)

// listChains shows all chains; htmx gets the rows alone.
func (s *Server) listChains(c echo.Context) error {
	page := pageNumber(c)
	found, err := s.Records.List(ctx(c), actor(c), chainsOnPage, (page-1)*chainsOnPage)
	if err != nil {
		return err
	}
	listing := views.ChainListing{Rows: s.chainRows(c, found.Chains), First: (page-1)*chainsOnPage + 1, Total: found.Total}
	if isHTMX(c) {
		return render(c, http.StatusOK, listing.Show())
	}
	link := func(page int) string { return fmt.Sprintf("%s?page=%d", views.ChainsPath, page) }
	if page > 1 {
		listing.Previous = link(page - 1)
	}
	if page*chainsOnPage < found.Total {
		listing.Next = link(page + 1)
	}
	return render(c, http.StatusOK, views.Chains(s.page(c, "status", text(c, "status.title")), listing))
}

func (s *Server) chainRows(c echo.Context, chains []chain.Chain) (rows []views.ChainRow) {
	for _, of := range chains {
		rows = append(rows, views.ChainRow{ID: of.ID, Cause: chainCause(c, of), State: views.StateBadge(ctx(c), of.State), Summary: chainSummary(c, of), Due: s.moment(c, of.DueAt),
			Lasted: s.lasted(c, chain.Task{StartedAt: of.StartedAt, EndedAt: of.EndedAt})})
	}
	return rows
}

// chainCause says why there is a chain, and who asked for it.
func chainCause(c echo.Context, of chain.Chain) string {
	return text(c, "status.cause."+string(of.Cause), "Name", of.RequestedBy, "Number", fmt.Sprint(of.OfChain))
}

// chainSummary says how the steps of a chain stand: "12 of 14 steps done: 11 successful, 1 failed".
func chainSummary(c echo.Context, of chain.Chain) string {
	total, ended := 0, 0
	var parts []string
	for _, state := range chain.States {
		count := of.Tasks[state]
		total += count
		if state.Active() || count == 0 {
			continue
		}
		ended += count
		parts = append(parts, text(c, "status.steps."+string(state), "Count", count))
	}
	switch {
	case total == 0:
		return text(c, "status.steps.none")
	case ended == 0:
		return i18n.N(ctx(c), "status.steps.ahead", total)
	case ended == total && len(parts) == 1:
		return i18n.N(ctx(c), "status.steps.all", total, "States", parts[0])
	}
	return i18n.N(ctx(c), "status.steps", total, "Done", ended, "States", strings.Join(parts, ", "))
}

// showChain shows one chain and its steps; htmx gets the part that changes.
func (s *Server) showChain(c echo.Context) error {
	of, err := s.chainOf(c)
	if err != nil {
		return err
	}
	view, err := s.chainView(c, of)
	if err != nil {
		return err
	}
	if isHTMX(c) {
		return render(c, http.StatusOK, view.Show(false))
	}
	filter, listing, err := s.findWork(c, views.ChainPath(of.ID), of.ID)
	if err != nil {
		return err
	}
	above := []layout.Crumb{{Label: text(c, "status.title"), Href: views.Path}, {Label: text(c, "status.chains"), Href: views.ChainsPath}}
	return render(c, http.StatusOK, views.OneChain(s.page(c, "status", text(c, "status.chain.title", "Number", fmt.Sprint(of.ID)), above...), view, filter, listing))
}

func (s *Server) chainOf(c echo.Context) (chain.Chain, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return chain.Chain{}, err
	}
	return s.Records.Get(ctx(c), actor(c), id)
}

func (s *Server) chainView(c echo.Context, of chain.Chain) (views.Chain, error) {
	view := views.Chain{Chain: of, State: views.StateBadge(ctx(c), of.State), Summary: chainSummary(c, of), Cause: chainCause(c, of), Due: s.moment(c, of.DueAt), Facts: s.chainFacts(c, of), Live: of.State.Active(), CSRF: csrfToken(c), MayAct: s.mayAct(c)}
	if of.ReasonCode != "" {
		view.Reason = s.workReason(c, chain.Work{Task: chain.Task{ReasonCode: of.ReasonCode}})
	}
	drawn, err := s.Records.Draw(ctx(c), actor(c), of)
	if err != nil {
		return view, err
	}
	view.Picture = s.chainPicture(c, drawn)
	return view, nil
}

func (s *Server) chainFacts(c echo.Context, of chain.Chain) []component.Term {
	var facts []component.Term
	add := func(key, value string) {
		if value != "" {
			facts = append(facts, component.Term{Label: text(c, key), Text: value})
		}
	}
	add("status.chain.due", i18n.DateTime(ctx(c), of.DueAt))
	if !of.StartedAt.IsZero() {
		add("status.work.started", i18n.DateTime(ctx(c), of.StartedAt))
	}
	if !of.EndedAt.IsZero() {
		add("status.chain.ended", i18n.DateTime(ctx(c), of.EndedAt))
		add("status.work.lasted", s.lasted(c, chain.Task{StartedAt: of.StartedAt, EndedAt: of.EndedAt}))
	}
	add("status.chain.cancelled_by", of.CancelledBy)
	return facts
}

// chainPicture sets what is drawn of a chain between its beginning and its end.
func (s *Server) chainPicture(c echo.Context, drawn chain.Picture) views.Picture {
	p := views.Picture{ID: fmt.Sprint(drawn.ID), Grouped: drawn.Grouped, From: drawn.QueuedAt, To: drawn.EndedAt}
	if drawn.EndedAt.IsZero() {
		p.To = s.Clock()
	}
	for _, group := range drawn.Groups {
		whole := chain.Task{State: group.State(), StartedAt: group.StartedAt, EndedAt: group.EndedAt}
		band := views.Band{Kind: group.Kind, Open: drawn.Grouped && group.States[chain.Failed] > 0, Counts: chainSummary(c, chain.Chain{Tasks: group.States}),
			Whole: views.Line{State: views.StateBadge(ctx(c), whole.State), Chain: whole.State, Lasted: s.lasted(c, whole), Queued: group.QueuedAt, Started: group.StartedAt, Ended: group.EndedAt}}
		if left := group.Total - len(group.Shown); left > 0 {
			band.More = component.Link{Label: i18n.N(ctx(c), "status.picture.more", left), Href: fmt.Sprintf("%s?kind=%s#work", views.ChainPath(drawn.ID), group.Kind)}
		}
		for _, w := range group.Shown {
			band.Lines = append(band.Lines, views.Line{ID: fmt.Sprint(w.ID), Name: workName(c, w.Kind, w.Name), Href: workHref(c, w), Kind: text(c, "status.kind."+string(w.Kind)),
				State: views.StateBadge(ctx(c), w.State), Chain: w.State, Lasted: s.lasted(c, w.Task), Queued: w.QueuedAt, Started: w.StartedAt, Ended: w.EndedAt})
			if w.EndedAt.After(p.To) {
				p.To = w.EndedAt // a run that was resumed after the chain had gone on
			}
		}
		p.Bands = append(p.Bands, band)
	}
	return p
}

// lastChain is the chain that is drawn on the first page of the status, with the table behind the picture, and those beside it.
func (s *Server) lastChain(c echo.Context) (*views.Chain, []views.ChainRow, error) {
	lately, err := s.Records.List(ctx(c), actor(c), chainsLately, 0)
	if err != nil || lately.Total == 0 {
		return nil, nil, err
	}
	last, err := s.Records.Last(ctx(c), actor(c))
	if problem.Is(err, problem.NotFound) { // all of them were passed over
		return nil, s.chainRows(c, lately.Chains), nil
	}
	if err != nil {
		return nil, nil, err
	}
	view, err := s.chainView(c, last)
	if err != nil {
		return nil, nil, err
	}
	steps, err := s.Records.Find(ctx(c), actor(c), chain.Query{ChainID: last.ID, Limit: workOnPage})
	if err != nil {
		return nil, nil, err
	}
	if view.Steps, err = s.workListing(c, steps.Work); err != nil {
		return nil, nil, err
	}
	others := slices.DeleteFunc(lately.Chains, func(other chain.Chain) bool { return other.ID == last.ID })
	return &view, s.chainRows(c, others), nil
}

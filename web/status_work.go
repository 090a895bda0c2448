package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/source"
	views "github.com/segue-app/segue/views/status"
)

const workOnPage = 50

// listWork shows all work: of chains, and what somebody started by hand.
func (s *Server) listWork(c echo.Context) error {
	chainID, err := strconv.ParseInt(c.QueryParam("chain"), 10, 64)
	if err != nil || chainID < 0 {
		chainID = 0
	}
	filter, listing, err := s.findWork(c, views.WorkPath, chainID)
	if err != nil {
		return err
	}
	if chainID != 0 {
		filter.ChainID, filter.Clear = strconv.FormatInt(chainID, 10), views.WorkPath
	}
	return render(c, http.StatusOK, views.Work(s.page(c, "status", text(c, "status.title")), filter, listing))
}

// findWork reads the page of work that the address asks for.
func (s *Server) findWork(c echo.Context, path string, chainID int64) (views.Filter, views.Listing, error) {
	filter := views.Filter{Action: path, Clear: path, Search: strings.TrimSpace(c.QueryParam("q"))}
	if standing := c.QueryParam("state"); standing == string(chain.UnderWay) || standing == string(chain.Troubled) || slices.Contains(chain.States, chain.State(standing)) {
		filter.Standing = standing
	}
	if kind := c.QueryParam("kind"); slices.Contains(chain.Kinds, chain.Kind(kind)) {
		filter.Kind = kind
	}
	query := chain.Query{Standing: chain.Standing(filter.Standing), Kind: chain.Kind(filter.Kind), ChainID: chainID, Search: filter.Search, Limit: workOnPage}
	if since, ok := s.since(c, c.QueryParam("since")); ok {
		filter.Since, query.Since = c.QueryParam("since"), since
	}
	page := pageNumber(c)
	query.Offset = (page - 1) * workOnPage
	found, err := s.Records.Find(ctx(c), actor(c), query)
	if err != nil {
		return filter, views.Listing{}, err
	}
	listing, err := s.workListing(c, found.Work)
	listing.WithOf, listing.First, listing.Total = path == views.WorkPath, query.Offset+1, found.Total
	link := func(page int) string {
		asked := url.Values{}
		for name, value := range map[string]string{"q": filter.Search, "state": filter.Standing, "kind": filter.Kind, "since": filter.Since} {
			if value != "" {
				asked.Set(name, value)
			}
		}
		if chainID != 0 && path == views.WorkPath {
			asked.Set("chain", strconv.FormatInt(chainID, 10))
		}
		if page > 1 {
			asked.Set("page", strconv.Itoa(page))
		}
		return strings.TrimSuffix(path+"?"+asked.Encode(), "?")
	}
	if page > 1 {
		listing.Previous = link(page - 1)
	}
	if query.Offset+len(found.Work) < found.Total {
		listing.Next = link(page + 1)
	}
	return filter, listing, err
}

// since is when a span of time begins: today at the reader's midnight.
func (s *Server) since(c echo.Context, span string) (time.Time, bool) {
	now := s.Clock().In(i18n.From(ctx(c)).Zone())
	switch span {
	case views.Today:
		return time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location()), true
	case views.Week:
		return now.AddDate(0, 0, -7), true
	case views.Month:
		return now.AddDate(0, 0, -30), true
	}
	return time.Time{}, false
}

// workTopics are those of events that may change a piece of work and that the reader may hear.
func workTopics(c echo.Context) []string {
	topics := []string{chain.Topic, run.ListTopic}
	if actor(c).Can(access.ManageProfiles) {
		topics = append(topics, source.ImportsTopic)
	}
	return topics
}

func (s *Server) workListing(c echo.Context, work []chain.Work) (views.Listing, error) {
	listing := views.Listing{Topics: workTopics(c)}
	_, stands, err := s.Stops.Standing(ctx(c))
	if err != nil {
		return listing, err
	}
	for _, w := range work {
		row, err := s.workRow(c, w, stands)
		if err != nil {
			return listing, err
		}
		listing.Rows, listing.Live = append(listing.Rows, row), listing.Live || w.State.Active()
	}
	return listing, nil
}

// showWorkRows answers with those rows that a page shows, as they are now.
func (s *Server) showWorkRows(c echo.Context) error {
	var keys []chain.Key
	for _, text := range strings.SplitN(c.QueryParam("keys"), ",", workOnPage+1) {
		origin, number, _ := strings.Cut(text, "-")
		if id, err := strconv.ParseInt(number, 10, 64); err == nil && len(keys) < workOnPage {
			keys = append(keys, chain.Key{Origin: chain.Origin(origin), ID: id})
		}
	}
	work, err := s.Records.Recall(ctx(c), actor(c), keys)
	if err != nil {
		return err
	}
	listing, err := s.workListing(c, work)
	if err != nil {
		return err
	}
	listing.WithOf = c.QueryParam("of") == "1"
	return render(c, http.StatusOK, listing.Changed())
}

package web

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/run"
	views "github.com/segue-app/segue/views/run"
)

const (
	newsPath  = "/news"
	newsTopic = "news" // which runs are under way is not as before; every stream tells it, whatever it was opened for
	newsItems = 10
)

func (s *Server) newsRoutes(r *routes) {
	r.get(newsPath, access.LookAround, s.showNews) // the runs that ended last; for scripts, the list alone
	r.topic(newsTopic, access.LookAround)
}

// showNews lists the runs that ended last. A page asks for it by itself, so that does not count as use of the session.
func (s *Server) showNews(c echo.Context) error {
	ended, err := s.Runs.EndedLast(ctx(c), actor(c), newsItems)
	if err != nil {
		return err
	}
	news := views.News{Runs: ended, Now: s.Clock()}
	if isHTMX(c) {
		return render(c, http.StatusOK, news.List())
	}
	return render(c, http.StatusOK, views.NewsPage(s.page(c, "runs", text(c, "news.title"), exportsCrumb(c)), news))
}

// news is what a stream tells of that was opened for these topics: a change of the runs is news to every page.
func news(changed, topics []string) []string {
	at := slices.Index(changed, run.ListTopic)
	if at < 0 {
		return changed
	}
	if !slices.Contains(topics, run.ListTopic) {
		changed = slices.Delete(changed, at, at+1)
	}
	return append(changed, newsTopic)
}

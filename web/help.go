package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/views/help"
	"github.com/segue-app/segue/views/layout"
)

func (s *Server) helpRoutes(r *routes) {
	r.get("/help", access.LookAround, s.showHelp)        // guide, decisions, glossary
	r.get("/help/api", access.LookAround, s.showHelpAPI) // the JSON API, with examples
}

func (s *Server) showHelpAPI(c echo.Context) error {
	above := layout.Crumb{Label: text(c, "help.title"), Href: "/help"}
	return render(c, http.StatusOK, help.API(s.page(c, "help", text(c, "api.help.title"), above), s.address(c, "")))
}

func (s *Server) showHelp(c echo.Context) error {
	return render(c, http.StatusOK, help.Page(s.page(c, "help", text(c, "help.title")), actor(c)))
}

package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/views/help"
)

func (s *Server) helpRoutes(r *routes) {
	r.get("/help", access.LookAround, s.showHelp) // guide, decisions, glossary
}

func (s *Server) showHelp(c echo.Context) error {
	return render(c, http.StatusOK, help.Page(s.page(c, "help", text(c, "help.title")), actor(c)))
}

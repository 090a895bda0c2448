package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/views/home"
)

func (s *Server) homeRoutes(r *routes) {
	r.get("/", access.LookAround, s.showHome) // where one starts
}

func (s *Server) showHome(c echo.Context) error {
	return render(c, http.StatusOK, home.Page(s.page(c, "home", text(c, "home.title")), home.View{
		Name: user(c).DisplayName(), Administrator: actor(c).Can(access.ManageConnections),
	}))
}

package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/status"
)

// Chains is what can be done with chains.
type Chains interface {
	// StartNow begins a chain of the system at once. It is a Conflict problem when one is under way.
	StartNow(ctx context.Context, actor access.Actor) (chain.Chain, error)
	// Again begins a chain of those steps of another that did not succeed.
	Again(ctx context.Context, actor access.Actor, id int64) (chain.Chain, error)
	// Cancel has no more steps begin. It is a Conflict problem when the chain is over.
	Cancel(ctx context.Context, actor access.Actor, id int64) error
}

// mayAct reports whether the reader may start, cancel and repeat chains.
func (s *Server) mayAct(c echo.Context) bool {
	return actor(c).Can(access.RefreshNow)
}

func (s *Server) startChain(c echo.Context) error {
	_, err := s.Chains.StartNow(ctx(c), actor(c))
	return s.toldOfChain(c, err, "status.chain.started", views.Path)
}

func (s *Server) askCancelChain(c echo.Context) error {
	if err := actor(c).Require(access.RefreshNow); err != nil {
		return err
	}
	of, err := s.chainOf(c)
	if err != nil {
		return err
	}
	if !of.State.Active() {
		return redirect(c, views.ChainPath(of.ID))
	}
	above := []layout.Crumb{{Label: text(c, "status.title"), Href: views.Path}, {Label: text(c, "status.chain.title", "Number", fmt.Sprint(of.ID)), Href: views.ChainPath(of.ID)}}
	return render(c, http.StatusOK, views.AskCancel(s.page(c, "status", text(c, "status.chain.cancel.title", "Number", fmt.Sprint(of.ID)), above...), views.Chain{Chain: of, CSRF: csrfToken(c)}))
}

func (s *Server) cancelChain(c echo.Context) error {
	if err := actor(c).Require(access.RefreshNow); err != nil {
		return err
	}
	of, err := s.chainOf(c)
	if err != nil {
		return err
	}
	return s.toldOfChain(c, s.Chains.Cancel(ctx(c), actor(c), of.ID), "status.chain.cancel.asked", views.ChainPath(of.ID))
}

func (s *Server) repeatChain(c echo.Context) error {
	if err := actor(c).Require(access.RefreshNow); err != nil {
		return err
	}
	of, err := s.chainOf(c)
	if err != nil {
		return err
	}
	begun, err := s.Chains.Again(ctx(c), actor(c), of.ID)
	if err != nil {
		begun = of
	}
	return s.toldOfChain(c, err, "status.chain.again.begun", views.ChainPath(begun.ID))
}

// toldOfChain says what came of an act, and leads to where it is seen. What stood in the way is said there too.
func (s *Server) toldOfChain(c echo.Context, err error, done, path string) error {
	p := problem.Of(err)
	switch {
	case err == nil:
		s.flash(c, "success", done)
	case p != nil && (p.Kind == problem.Conflict || p.Kind == problem.Invalid):
		s.flash(c, "info", p.Code, p.Args...)
	default:
		return err
	}
	return redirect(c, path)
}

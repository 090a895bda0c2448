package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/run"
)

const heartbeatEvery = 15 * time.Second // shorter than proxies' patience

// watchRun streams how a run stands: an event named run, whose data is the run, at the beginning and whenever something changed;
// in the end one named end. Every event says all there is, so a reader that lost its connection has missed nothing: what it says
// it heard last (Last-Event-ID) is of no use, and does no harm.
func (a *API) watchRun(c echo.Context) error {
	r, err := a.runOf(c)
	if err != nil {
		return err
	}
	leave, err := a.watching.enter(c)
	if err != nil {
		return err
	}
	defer leave()
	listener := a.Events.Listen(run.Topic(r.ID))
	defer listener.Close()
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/event-stream; charset=utf-8")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	s := &stream{c.Response(), http.NewResponseController(c.Response()), 0}
	// Reading is over; a deadline left on it would end the connection.
	if err := s.controller.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("lift deadline: %w", err)
	}
	if s.send("retry: 2000\n\n") != nil {
		return nil // the reader went away
	}
	heartbeat, recheck := time.NewTicker(heartbeatEvery), time.NewTicker(a.recheck)
	defer heartbeat.Stop()
	defer recheck.Stop()
	tell := true
	for {
		if tell {
			r, err := a.Runs.Get(ctx(c), actor(c), r.ID)
			if err != nil {
				return nil // the stream ends; the next request is told why
			}
			if err := s.tell(a.newRun(c, r), !r.State.Active()); err != nil || !r.State.Active() {
				return nil
			}
		}
		tell = false
		select {
		case <-ctx(c).Done():
			return nil
		case <-a.options.Closing.Done():
			return nil
		case <-listener.Ready():
			listener.Take()
			tell = true
		case <-heartbeat.C:
			if s.send(":\n\n") != nil {
				return nil
			}
		case <-recheck.C:
			if a.still(c, access.LookAround) != nil {
				return nil
			}
		}
	}
}

type stream struct {
	response   http.ResponseWriter
	controller *http.ResponseController
	events     int
}

// tell sends the run, and that it has ended.
func (s *stream) tell(r Run, ended bool) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	s.events++
	text := fmt.Sprintf("id: %d\nevent: run\ndata: %s\n\n", s.events, data)
	if ended {
		text += fmt.Sprintf("event: end\ndata: %s\n\n", data)
	}
	return s.send(text)
}

func (s *stream) send(text string) error {
	if err := s.controller.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	if _, err := s.response.Write([]byte(text)); err != nil {
		return err
	}
	return s.controller.Flush()
}

package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

const (
	eventStream    = "text/event-stream"
	maxTopics      = 20
	heartbeatEvery = 15 * time.Second // shorter than proxies' patience
	recheckEvery   = 30 * time.Second // how long a stream may outlive its session
	writePatience  = 10 * time.Second
)

func (s *Server) eventRoutes(r *routes) {
	r.get(eventsPath, access.LookAround, s.streamEvents) // what changed, for live pages
}

// streamEvents tells a page that something changed: for topic run/12 an event named run/12, whose data is the topic again. The page
// then reads anew. All topics are told once at the start, since what happened before the stream stood is not known. That runs began or
// ended is told besides, as news.
func (s *Server) streamEvents(c echo.Context) error {
	topics := c.QueryParams()["topic"]
	if len(topics) == 0 || len(topics) > maxTopics {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	if err := s.mayWatch(actor(c), topics); err != nil {
		return err
	}
	leave, ok := s.streams.enter(actor(c).UserID)
	if !ok {
		return echo.NewHTTPError(http.StatusTooManyRequests)
	}
	defer leave()
	person := event.OfPerson(actor(c).UserID)
	listener := s.Events.Listen(append([]string{person, run.ListTopic}, topics...)...)
	defer listener.Close()
	defer s.options.Observer.Stream()()

	h := c.Response().Header()
	h.Set(echo.HeaderContentType, eventStream+"; charset=utf-8")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	stream := stream{c.Response(), http.NewResponseController(c.Response())}
	// Reading is over; a deadline left on it would end the connection.
	if err := stream.controller.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("lift deadline: %w", err)
	}
	if stream.send("retry: 2000\n\n"+eventText(topics)) != nil {
		return nil // the reader went away
	}
	heartbeat, recheck := time.NewTicker(heartbeatEvery), time.NewTicker(s.recheckEvery)
	defer heartbeat.Stop()
	defer recheck.Stop()
	for {
		var message string
		select {
		case <-c.Request().Context().Done():
			return nil
		case <-s.closing.Done():
			return nil
		case <-recheck.C:
			if !s.stillWatches(c, topics) {
				return nil
			}
			continue
		case <-heartbeat.C:
			message = ":\n\n"
		case <-listener.Ready():
			changed := listener.Take()
			if slices.Contains(changed, person) { // she may do more now, or less: all that she looks at is read anew
				if !s.stillWatches(c, topics) {
					return nil
				}
				changed = topics
			} else {
				changed = news(changed, topics)
			}
			message = eventText(changed)
		}
		if stream.send(message) != nil {
			return nil
		}
	}
}

const eventsPath = "/events"

// isStream reports whether the answer is a stream of events.
func isStream(c echo.Context) bool {
	return strings.HasPrefix(c.Response().Header().Get(echo.HeaderContentType), eventStream)
}

// stillWatches reports whether whoever opened the stream is signed in, and may see what it tells of.
func (s *Server) stillWatches(c echo.Context, topics []string) bool {
	user, err := s.Accounts.Glance(ctx(c), sessionToken(c))
	return err == nil && s.mayWatch(user.Actor(), topics) == nil
}

// mayWatch refuses topics that no area offers or that the actor may not see.
func (s *Server) mayWatch(actor access.Actor, topics []string) error {
	for _, name := range topics {
		kind, _, _ := strings.Cut(name, "/")
		topic, ok := s.routes.topics[kind]
		if !ok || strings.ContainsAny(name, "\r\n") {
			return problem.New(problem.NotFound, "problem.not_found")
		}
		if err := actor.Require(topic.action); err != nil {
			return err
		}
	}
	return nil
}

func eventText(topics []string) string {
	var text strings.Builder
	for _, topic := range topics {
		fmt.Fprintf(&text, "event: %s\ndata: %s\n\n", topic, topic)
	}
	return text.String()
}

type stream struct {
	response   http.ResponseWriter
	controller *http.ResponseController
}

func (s stream) send(text string) error {
	if err := s.controller.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
		return err
	}
	if _, err := s.response.Write([]byte(text)); err != nil {
		return err
	}
	return s.controller.Flush()
}

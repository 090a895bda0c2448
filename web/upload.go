package web

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/problem"
)

// upload is a form with a file, read as it arrives: the fields before the file are in Values, the file is a stream. On the
// page, the file comes last.
type upload struct {
	Values   url.Values
	File     io.Reader // nil when no file was chosen
	FileName string    // as the person's machine calls it: for showing, never a path

	parts *multipart.Reader
}

// Limits of the fields before the file.
const (
	maxUploadFields = 100
	maxUploadField  = 64 << 10 // bytes
)

// openUpload reads up to the file, and checks the form's token.
func (s *Server) openUpload(handler func(c echo.Context, form *upload) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		body := &patientReader{ReadCloser: r.Body, controller: http.NewResponseController(c.Response()), closing: s.closing}
		defer context.AfterFunc(s.closing, body.breakOff)()
		r.Body = body
		err := s.readUpload(c, handler)
		if err != nil && body.broken() { // the answer must not end with what was read
			c.SetRequest(r.WithContext(context.WithoutCancel(ctx(c))))
			return errStopping
		}
		return err
	}
}

func (s *Server) readUpload(c echo.Context, handler func(c echo.Context, form *upload) error) error {
	r := c.Request()
	parts, err := r.MultipartReader()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	form := &upload{Values: url.Values{}, parts: parts}
	switch err := form.readFields(); {
	case tooLarge(err):
		return echo.NewHTTPError(http.StatusRequestEntityTooLarge).SetInternal(err)
	case err != nil:
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	case !validToken(c, r.Header.Get(csrfHeader)) && !validToken(c, form.Values.Get(csrfField)):
		return errForeign
	}
	return handler(c, form)
}

func (u *upload) readFields() error {
	for range maxUploadFields {
		part, err := u.parts.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if _, isFile := part.Header["Content-Type"]; isFile || part.FileName() != "" {
			if part.FileName() != "" {
				u.File, u.FileName = part, part.FileName()
			}
			return nil
		}
		value, err := io.ReadAll(io.LimitReader(part, maxUploadField+1))
		if err != nil {
			return err
		}
		if len(value) > maxUploadField {
			return errors.New("field too long")
		}
		u.Values.Add(part.FormName(), string(value))
	}
	return errors.New("too many fields")
}

// patientReader gives every read a minute, and the answer after it as much. When the server stops, reading ends with errStopping.
type patientReader struct {
	io.ReadCloser
	controller *http.ResponseController
	closing    context.Context

	mutex sync.Mutex // between a deadline that is set far and one that is set to now
	cut   bool
}

var errStopping = problem.New(problem.Unavailable, "web.problem.stopping")

// Read reads on.
func (r *patientReader) Read(p []byte) (int, error) {
	if !r.prolong() {
		return 0, errStopping
	}
	return r.ReadCloser.Read(p)
}

// broken reports whether reading ended because the server stops.
func (r *patientReader) broken() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.cut
}

func (r *patientReader) prolong() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.cut = r.cut || r.closing.Err() != nil; r.cut {
		return false
	}
	// A recorder in a test has no deadlines; a connection has.
	_ = r.controller.SetReadDeadline(time.Now().Add(requestTimeout))
	_ = r.controller.SetWriteDeadline(time.Now().Add(2 * requestTimeout))
	return true
}

// breakOff ends a read that is under way.
func (r *patientReader) breakOff() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.cut = true
	_ = r.controller.SetReadDeadline(time.Now())
}

package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"
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
		r.Body = &patientReader{r.Body, http.NewResponseController(c.Response())}
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

// patientReader gives every read a minute, and the answer after it as much.
type patientReader struct {
	io.ReadCloser
	controller *http.ResponseController
}

func (r *patientReader) Read(p []byte) (int, error) {
	// A recorder in a test has no deadlines; a connection has.
	_ = r.controller.SetReadDeadline(time.Now().Add(requestTimeout))
	_ = r.controller.SetWriteDeadline(time.Now().Add(2 * requestTimeout))
	return r.ReadCloser.Read(p)
}

package web

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
)

func TestAnUploadIsReadAsAStreamAndOnlyFromOurOwnPages(t *testing.T) {
	s := newSite(t)
	s.routes.upload("/test/upload", access.ManageProfiles, func(c echo.Context, form *upload) error {
		if form.File == nil {
			return c.String(http.StatusOK, "no file")
		}
		size, err := io.Copy(io.Discard, form.File)
		if err != nil {
			return err
		}
		return c.String(http.StatusOK, fmt.Sprint(form.Values.Get("note"), " ", form.FileName, " ", size))
	})
	b := s.as(t, "ada@example.com")
	// More than a form may have, so it is no form that is kept in memory.
	content := []byte(strings.Repeat("a;b;c\n", maxForm/2))
	b.upload("/test/upload", url.Values{"note": {"hello"}}, "file", "../people.csv", content).
		wants(t, http.StatusOK).has(t, fmt.Sprint("hello people.csv ", len(content)))
	b.upload("/test/upload", nil, "file", "", nil).wants(t, http.StatusOK).has(t, "no file")

	const boundary = "----x"
	send := func(b *browser, fields string) answer {
		return b.do(http.MethodPost, "/test/upload", "multipart/form-data; boundary="+boundary[2:], strings.NewReader(fields))
	}
	part := func(name, value string) string {
		return boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	send(b, part("note", "x")+boundary+"--\r\n").wants(t, http.StatusForbidden)
	send(b, part(csrfField, "guess")+boundary+"--\r\n").wants(t, http.StatusForbidden)
	send(b, "no form at all").wants(t, http.StatusBadRequest)
	send(b, part(csrfField, b.token())+strings.Repeat(part("a", "b"), maxUploadFields)+boundary+"--\r\n").wants(t, http.StatusBadRequest)
	send(b, part(csrfField, b.token())+part("a", strings.Repeat("b", maxUploadField+1))+boundary+"--\r\n").wants(t, http.StatusBadRequest)
	s.as(t, "vera@example.com").upload("/test/upload", nil, "file", "x.csv", content[:100]).wants(t, http.StatusForbidden)
}

func TestAnUploadAndADownloadMayTakeLongerThanARequest(t *testing.T) {
	t.Parallel() // it sleeps
	s := newSite(t)
	s.routes.upload("/test/upload", access.ManageProfiles, func(c echo.Context, form *upload) error {
		size, err := io.Copy(io.Discard, form.File)
		if err != nil {
			return err
		}
		return c.String(http.StatusOK, fmt.Sprint(size))
	})
	s.routes.get("/test/download", access.LookAround, func(c echo.Context) error {
		w := s.attachment(c, "løb.csv", "text/csv; charset=utf-8")
		for range 3 {
			time.Sleep(200 * time.Millisecond)
			if _, err := w.Write(make([]byte, 100_000)); err != nil {
				return err
			}
		}
		return nil
	})
	b := s.as(t, "ada@example.com")
	token := b.token()
	limited := httptest.NewUnstartedServer(s.Handler())
	limited.Config.ReadTimeout, limited.Config.WriteTimeout = 400*time.Millisecond, 400*time.Millisecond
	limited.Start()
	t.Cleanup(limited.Close)
	s.url = limited.URL
	pipe, feed := io.Pipe()
	parts := multipart.NewWriter(feed)
	go func() {
		err := parts.WriteField(csrfField, token)
		var file io.Writer
		if err == nil {
			file, err = parts.CreateFormFile("file", "people.csv")
		}
		for i := 0; i < 4 && err == nil; i++ {
			time.Sleep(150 * time.Millisecond)
			_, err = file.Write(make([]byte, 10_000))
		}
		_ = feed.CloseWithError(errors.Join(err, parts.Close())) // never fails; nil ends the body
	}()
	b.do(http.MethodPost, "/test/upload", parts.FormDataContentType(), pipe).wants(t, http.StatusOK).has(t, "40000")
	a := b.get("/test/download").wants(t, http.StatusOK)
	if len(a.body) != 300_000 || !strings.Contains(a.Header.Get("Content-Disposition"), "l%C3%B8b.csv") {
		t.Errorf("%d bytes, %s", len(a.body), a.Header.Get("Content-Disposition"))
	}
}

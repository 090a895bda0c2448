package web

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

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

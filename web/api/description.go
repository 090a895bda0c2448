package api

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"
	"go.yaml.in/yaml/v3"
)

// written is what there is to ask and what is answered, written by hand.
//
//go:embed openapi.yaml
var written []byte

// described is the description as it is served.
type described struct {
	description []byte // JSON
	version     string // an entity tag
}

// describe makes JSON of the description. That it is one is a test's to hold; a program with a broken one does not start.
func describe() described {
	var document any
	if err := yaml.Unmarshal(written, &document); err != nil {
		panic(fmt.Sprintf("openapi.yaml: %v", err))
	}
	answer, err := json.Marshal(document)
	if err != nil {
		panic(fmt.Sprintf("openapi.yaml: %v", err))
	}
	sum := sha256.Sum256(answer)
	return described{answer, `"` + hex.EncodeToString(sum[:8]) + `"`}
}

func (a *API) showDescription(c echo.Context) error {
	h := c.Response().Header()
	h.Set("ETag", a.version)
	h.Set(echo.HeaderCacheControl, "public, max-age=300")
	if c.Request().Header.Get("If-None-Match") == a.version {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, a.description)
}

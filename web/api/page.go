package api

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// Page is a part of a list. Next is the cursor of the part after it; absent on the last.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

const (
	usualPage = 50
	mostPage  = 200
)

// A cursor is the list's name and the id behind which the next part begins, in a form that says: do not look inside.
func cursor(list string, id int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + ":" + strconv.FormatInt(id, 10)))
}

// place reads which part of a list is asked for: behind which id (0: from the beginning), and how many.
func place(c echo.Context, list string) (after int64, limit int, err error) {
	limit = usualPage
	if text := c.QueryParam("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > mostPage {
			return 0, 0, bad("api.problem.limit", "Most", mostPage)
		}
	}
	after, err = readCursor(c.QueryParam("cursor"), list)
	return after, limit, err
}

func readCursor(text, list string) (after int64, err error) {
	if text == "" {
		return 0, nil
	}
	inside, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return 0, bad("api.problem.cursor")
	}
	id, of := strings.CutPrefix(string(inside), list+":")
	if after, err = strconv.ParseInt(id, 10, 64); err != nil || !of || after <= 0 || cursor(list, after) != text {
		return 0, bad("api.problem.cursor")
	}
	return after, nil
}

// pageOf makes the answer of one more than limit things.
func pageOf[From, To any](list string, from []From, limit int, id func(From) int64, to func(From) To) Page[To] {
	page := Page[To]{Items: make([]To, 0, min(len(from), limit))}
	for i, one := range from {
		if i == limit {
			page.Next = cursor(list, id(from[i-1]))
			break
		}
		page.Items = append(page.Items, to(one))
	}
	return page
}

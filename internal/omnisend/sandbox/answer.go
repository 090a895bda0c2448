package sandbox

import (
	"crypto/rand"
	"fmt"
	"strconv"
)

// answer is what a request gets. It is made whole before it is sent, so that a fault can cut it anywhere.
type answer struct {
	status   int
	body     []byte
	problems []fieldProblem // of a refusal, for its other shape
}

var problemTypes = map[int][2]string{
	400: {"validation-failed", "Validation failed"},
	401: {"unauthorized", "Unauthorized"},
	403: {"forbidden", "Forbidden"},
	404: {"not-found", "Not found"},
	409: {"problem", "Conflict"},
	410: {"problem", "Gone"},
	413: {"problem", "Content too large"},
	429: {"rate-limit-exceeded", "Rate limit exceeded"},
}

func refusal(status int, problems ...fieldProblem) answer {
	return answer{status, problemBody(status, problems, false, 0), problems}
}

// problemBody writes the RFC 9457 object, or for old the shape of v3 and v5. retryAfter is in seconds, 0 for none.
func problemBody(status int, problems []fieldProblem, old bool, retryAfter int) []byte {
	if old {
		body := fmt.Appendf(nil, `{"error":"%d error(s) found","fields":{"0":[`, max(len(problems), 1))
		for i, p := range problems {
			if i > 0 {
				body = append(body, ',')
			}
			body = appendQuoted(body, p.Field+": "+p.Message)
		}
		return append(body, "]}}"...)
	}
	kind, known := problemTypes[status]
	if !known {
		kind = [2]string{"problem", "Something went wrong"}
	}
	body := fmt.Appendf(nil, `{"type":"https://problems.omnisend.com/%s","title":"%s","status":%d`, kind[0], kind[1], status)
	if status == 401 {
		return append(body, '}') // one body, and nothing more, for a missing and a wrong key
	}
	if retryAfter > 0 {
		body = strconv.AppendInt(append(body, `,"retryAfter":`...), int64(retryAfter), 10)
	}
	var id [16]byte
	_, _ = rand.Read(id[:])
	body = fmt.Appendf(body, `,"instance":"urn:omnisend:request:%x-%x-%x-%x-%x"`, id[:4], id[4:6], id[6:8], id[8:10], id[10:])
	if len(problems) > 0 {
		body = append(body, `,"errors":[`...)
		for i, p := range problems {
			if i > 0 {
				body = append(body, ',')
			}
			body = appendQuoted(append(body, `{"field":`...), p.Field)
			body = appendQuoted(append(body, `,"code":`...), p.Code)
			body = append(appendQuoted(append(body, `,"message":`...), p.Message), '}')
		}
		body = append(body, ']')
	}
	return append(body, '}')
}

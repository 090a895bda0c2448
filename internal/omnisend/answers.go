package omnisend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/destination"
)

// problem is what an error body tells, in either of its two shapes.
type problem struct {
	reasons    []destination.Reason
	retryAfter time.Duration
	trace      string
}

// readProblem reads the RFC 9457 object of 2026-03-15 or the {error, fields} of v3 and v5. Everything in it is optional
// and may be of another type; a body that is neither gives an empty problem.
func readProblem(body []byte) problem {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return problem{}
	}
	var p problem
	var seconds float64
	if json.Unmarshal(members["retryAfter"], &seconds) == nil && seconds > 0 {
		p.retryAfter = clampHint(time.Duration(min(seconds, maxHint.Seconds()) * float64(time.Second)))
	}
	p.trace = traceID(text(members["instance"]))

	var errs []struct{ Field, Code, Message json.RawMessage }
	if json.Unmarshal(members["errors"], &errs) == nil {
		for _, e := range errs {
			p.add(text(e.Field), text(e.Code), text(e.Message))
		}
	}
	if len(p.reasons) == 0 {
		// The old shape: lists of sentences by the place of the item, each starting with the field it speaks of.
		var fields map[string][]string
		if json.Unmarshal(members["fields"], &fields) == nil {
			for _, place := range slices.Sorted(maps.Keys(fields)) {
				for _, sentence := range fields[place] {
					field, message, found := strings.Cut(sentence, ": ")
					if !found || strings.Contains(field, " ") {
						field, message = "", sentence
					}
					p.add(field, "", message)
				}
			}
		}
	}
	if len(p.reasons) == 0 {
		for _, name := range []string{"detail", "error", "title"} {
			if message := text(members[name]); message != "" {
				p.add("", "", message)
				break
			}
		}
	}
	return p
}

// rejected is the code of a reason to which Omnisend gave none.
const rejected = "rejected"

// maxReasons bounds what one answer can make us keep.
const maxReasons = 50

func (p *problem) add(field, code, message string) {
	if len(p.reasons) == maxReasons || field == "" && code == "" && message == "" {
		return
	}
	if code == "" {
		code = rejected
	}
	p.reasons = append(p.reasons, destination.Reason{
		Field: cut(ownField(field), 200), Code: cut(code, 100), Message: cut(message, 500),
	})
}

// ownField names a place in a contact as exports do: people read it. The encoder writes the address first and a phone second.
func ownField(place string) string {
	switch property, custom := strings.CutPrefix(place, "customProperties."); {
	case place == "identifiers[0].id":
		return string(destination.Email)
	case place == "identifiers[1].id":
		return string(destination.Phone)
	case strings.HasSuffix(place, ".channels.email.status"):
		return string(destination.EmailStatus)
	case strings.HasSuffix(place, ".channels.email.statusChangedAt"):
		return string(destination.EmailStatusAt)
	case strings.HasSuffix(place, ".channels.sms.status"):
		return string(destination.SMSStatus)
	case strings.HasSuffix(place, ".channels.sms.statusChangedAt"):
		return string(destination.SMSStatusAt)
	case custom:
		return destination.CustomPrefix + property
	}
	return place
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// cut shortens a text to a number of bytes without breaking a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}

// traceID takes a failure's id if it has the form of one, so that nothing else can slip into logs through it.
func traceID(instance string) string {
	if len(instance) > 100 {
		return ""
	}
	for _, r := range instance {
		if r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_:.", r) {
			return ""
		}
	}
	return instance
}

type batchAnswer struct {
	BatchID       string `json:"batchID"`
	Status        string `json:"status"`
	TotalCount    int    `json:"totalCount"`
	FinishedCount int    `json:"finishedCount"`
	ErrorsCount   int    `json:"errorsCount"`
}

// state reads the four states. One that is not known is taken as under way, which the runner's patience bounds.
func (b batchAnswer) state() destination.BatchState {
	progress := destination.Waiting
	switch b.Status {
	case "finished":
		progress = destination.Done
	case "stopped":
		progress = destination.Stopped
	}
	return destination.BatchState{
		Progress: progress, Total: b.TotalCount, Finished: b.FinishedCount, Errors: b.ErrorsCount,
	}
}

type itemAnswer struct {
	Request      json.RawMessage `json:"request"`
	ResponseCode int             `json:"responseCode"`
	Response     json.RawMessage `json:"response"`
}

// identity is the address of the item that this answers. Neither ids nor places are promised to mean anything.
func (i itemAnswer) identity() (string, bool) {
	var request struct {
		Identifiers []struct{ Type, ID string }
	}
	if json.Unmarshal(i.Request, &request) != nil {
		return "", false
	}
	for _, identifier := range request.Identifiers {
		if identifier.Type == "email" {
			return Identity(identifier.ID)
		}
	}
	return "", false
}

// raw is the answer to the item, with the code beside it.
func (i itemAnswer) raw() []byte {
	if len(i.Response) == 0 {
		return fmt.Appendf(nil, `{"responseCode":%d}`, i.ResponseCode)
	}
	return fmt.Appendf(nil, `{"responseCode":%d,"response":%s}`, i.ResponseCode, i.Response)
}

// blamesItem reports whether an item that was answered with the status would be answered so again: a key, an account, the rate
// limit and faults of Omnisend's get better without the item changing.
func blamesItem(status int) bool {
	switch kind(status) {
	case destination.Refused, destination.TooLarge, destination.NotKnown:
		return true
	}
	return false
}

// maxKept is how much of one answer is kept for people to read, in bytes.
const maxKept = 16 << 10

// bounded is an answer of its own memory, without what is too much to keep.
func bounded(answer []byte) []byte {
	return bytes.Clone(answer[:min(len(answer), maxKept)])
}

// readItems reads what became of a batch's items. A list says less than the code beside an item, so the code decides
// where there is one. Of an address that is answered twice the acceptance stands.
func readItems(body []byte) (destination.Results, error) {
	var answer struct {
		Errors    []itemAnswer `json:"errors"`
		Responses []itemAnswer `json:"responses"`
	}
	if err := decode(body, &answer); err != nil {
		return destination.Results{}, err
	}
	results := destination.Results{
		Accepted: make(map[string]destination.Accepted, len(answer.Responses)),
		Rejected: make(map[string]destination.Rejected, len(answer.Errors)),
	}
	take := func(items []itemAnswer, assumed int) {
		for _, item := range items {
			identity, ok := item.identity()
			if !ok {
				continue
			}
			did := destination.Accepted{Created: item.ResponseCode == 201, Updated: item.ResponseCode == 200}
			if item.ResponseCode == 0 {
				item.ResponseCode = assumed
			}
			if item.ResponseCode >= 200 && item.ResponseCode < 300 {
				results.Accepted[identity] = did
				continue
			}
			reasons := readProblem(item.Response).reasons
			if len(reasons) == 0 {
				reasons = []destination.Reason{{Code: rejected}}
			}
			results.Rejected[identity] = destination.Rejected{Reasons: reasons, Passing: !blamesItem(item.ResponseCode),
				Answer: bounded(item.raw())}
		}
	}
	take(answer.Errors, 400)
	take(answer.Responses, 200)
	for identity := range results.Accepted {
		delete(results.Rejected, identity)
	}
	return results, nil
}

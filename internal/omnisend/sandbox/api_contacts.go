package sandbox

import (
	"net/http"
)

// readContactRequest reads a single contact request and gives its problems as an answer.
func (q request) readContactRequest(patch bool) (*change, *answer) {
	c := &q.b.asking
	s := &scanner{data: q.body}
	c.read(s, patch)
	var a answer
	switch {
	case !s.end():
		a = refusal(http.StatusBadRequest, fieldProblem{"", "invalid_format", "the body is no JSON object"})
	case len(c.problems) > 0:
		a = refusal(http.StatusBadRequest, c.problems...)
	case q.f.rejects(c.email):
		a = refusal(http.StatusBadRequest, fieldProblem{"identifiers[0].id", "rejected_by_fault", "this address is rejected by a fault that is switched on"})
	default:
		return c, nil
	}
	return nil, &a
}

func (s *Server) upsertContact(q request, _ string) answer {
	c, refused := q.readContactRequest(false)
	if refused != nil {
		return *refused
	}
	index, created, ok := q.b.upsert(c, q.now, q.f.ReplaceTags)
	if !ok {
		return refusal(http.StatusBadRequest, fieldProblem{"identifiers[0].id", "taken", "belongs to another contact"})
	}
	s.dirty.Store(true)
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return answer{status: status, body: q.b.appendContact(nil, index)}
}

func (s *Server) readContact(q request, id string) answer {
	index, ok := q.b.place(id, "c0", len(q.b.contacts))
	if !ok {
		return refusal(http.StatusNotFound)
	}
	return answer{status: http.StatusOK, body: q.b.appendContact(nil, uint32(index))}
}

func (s *Server) patchContact(q request, id string) answer {
	index, ok := q.b.place(id, "c0", len(q.b.contacts))
	if !ok {
		return refusal(http.StatusNotFound)
	}
	return s.patch(q, uint32(index))
}

func (s *Server) patchByEmail(q request, _ string) answer {
	email := q.query.Get("email")
	if email == "" {
		return refusal(http.StatusBadRequest, fieldProblem{"email", "required", "is required"})
	}
	index, ok := q.b.byEmail[email]
	if !ok {
		return refusal(http.StatusNotFound)
	}
	return s.patch(q, index)
}

// patch changes what is given. Unlike an upsert it says so when an identifier is somebody else's.
func (s *Server) patch(q request, index uint32) answer {
	c, refused := q.readContactRequest(true)
	if refused != nil {
		return *refused
	}
	if of, taken := q.b.byEmail[c.email]; taken && of != index {
		return refusal(http.StatusConflict)
	}
	if of, taken := q.b.byPhone[c.phone]; taken && of != index {
		return refusal(http.StatusConflict)
	}
	old := emailOf(q.b.contacts[index].packed)
	q.b.reading.unpack(q.b.contacts[index].packed)
	if c.email != "" {
		q.b.reading.email = c.email
		if old == "" {
			q.b.contacts[index].mail = nonSubscribed
		}
	}
	q.b.write(index, c, q.now, q.f.ReplaceTags)
	if c.email != "" && c.email != old {
		delete(q.b.byEmail, old)
		q.b.byEmail[emailOf(q.b.contacts[index].packed)] = index
	}
	s.dirty.Store(true)
	return answer{status: http.StatusOK, body: q.b.appendContact(nil, index)}
}

// tagContacts takes a request to add or remove tags and does it later.
func (s *Server) tagContacts(q request, _ string) answer {
	in := &scanner{data: q.body}
	lists := map[string][]string{}
	var problems []fieldProblem
	in.expect('{')
	for first := true; !in.bad && in.more('}', &first); {
		key := in.key()
		if in.peek() != '[' {
			if raw := in.raw(); key == "segmentID" && raw != `""` && raw != "null" {
				problems = append(problems, fieldProblem{"segmentID", "not_found", "this stand-in has no segments"})
			}
			continue
		}
		in.pos++
		for first := true; in.more(']', &first); {
			lists[key] = append(lists[key], in.text())
		}
	}
	if !in.end() {
		return refusal(http.StatusBadRequest, fieldProblem{"", "invalid_format", "the body is no JSON object"})
	}
	if n := len(lists["tags"]); n == 0 || n > maxTags {
		problems = append(problems, fieldProblem{"tags", "invalid_length", "must have 1 to 100 tags"})
	}
	selectors := 0
	for _, name := range []string{"contactIDs", "emails", "phones"} {
		selectors += len(lists[name])
		if len(lists[name]) > maxTagged {
			problems = append(problems, fieldProblem{name, "invalid_length", "must have at most 250 entries"})
		}
	}
	if selectors == 0 {
		problems = append(problems, fieldProblem{"emails", "required", "at least one selector is required"})
	}
	for _, tag := range lists["tags"] {
		if !validTag(tag) {
			problems = append(problems, fieldProblem{"tags", "invalid_format", "must have 1 to 128 visible characters"})
		}
	}
	if len(problems) > 0 {
		return refusal(http.StatusBadRequest, problems...)
	}

	// Who is meant is decided now, what is done to them later.
	t := &tagging{tags: lists["tags"], remove: q.method == http.MethodDelete}
	for _, email := range lists["emails"] {
		if index, ok := q.b.byEmail[email]; ok {
			t.contacts = append(t.contacts, index)
		}
	}
	for _, phone := range lists["phones"] {
		if index, ok := q.b.byPhone[phone]; ok {
			t.contacts = append(t.contacts, index)
		}
	}
	for _, id := range lists["contactIDs"] {
		if index, ok := q.b.place(id, "c0", len(q.b.contacts)); ok {
			t.contacts = append(t.contacts, uint32(index))
		}
	}
	s.queue.add(job{b: q.b, tags: t, due: s.options.Clock().Add(s.delay)})
	return answer{status: http.StatusAccepted}
}

const maxTagged = 250

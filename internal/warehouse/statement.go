package warehouse

import (
	"strings"

	"github.com/segue-app/segue/internal/dialect"
	"github.com/segue-app/segue/internal/problem"
)

// What is what to read: a table, or a query that an administrator wrote.
type What struct {
	Schema string // of the table; "" leaves it to the database
	Table  string
	Query  string
}

// maxQuery is the longest query that is taken, in bytes.
const maxQuery = 100_000

// From is What as an item of FROM in SQL of the kind, without an alias. A query must be one statement that reads.
func (w What) From(k Kind) (string, error) {
	switch {
	case !k.Valid():
		return "", problem.New(problem.Invalid, "warehouse.problem.kind")
	case w.Query != "" && w.Table == "":
		query, err := single(k, w.Query)
		if err != nil {
			return "", err
		}
		return "(" + query + "\n)", nil // a comment at the end of the query ends with its line
	case w.Query == "" && w.Table != "":
		if len(w.Table) > maxField || len(w.Schema) > maxField || strings.ContainsRune(w.Table+w.Schema, 0) {
			return "", problem.New(problem.Invalid, "warehouse.problem.name")
		}
		if w.Schema == "" {
			return quote(k, w.Table), nil
		}
		return quote(k, w.Schema) + "." + quote(k, w.Table), nil
	}
	return "", problem.New(problem.Invalid, "warehouse.problem.what")
}

// quote writes a name as an identifier, whatever is in it. The kinds have the names of their dialects.
func quote(k Kind, name string) string {
	d, _ := dialect.Of(string(k)) // TestNamesAreQuotedWhateverIsInThem finds one for every kind
	return d.Quote(name)
}

// beginnings are the words that a statement which only reads begins with. SQL Server takes none but SELECT in parentheses.
var beginnings = map[Kind][]string{
	PostgreSQL: {"SELECT", "WITH", "TABLE", "VALUES"},
	MySQL:      {"SELECT", "WITH", "TABLE", "VALUES"},
	SQLServer:  {"SELECT"},
	Trino:      {"SELECT", "WITH", "TABLE", "VALUES"},
}

// single checks that a text is one statement that reads and that it cannot leave the parentheses it will be put in, and
// returns it without a last semicolon. It knows each database's strings, quoted names and comments; what it cannot be sure
// of, it refuses. It is one wall of several: the session and the login's rights are the others.
func single(k Kind, query string) (string, error) {
	refuse := func(code string) (string, error) {
		return "", problem.New(problem.Invalid, "warehouse.problem."+code)
	}
	if len(query) > maxQuery {
		return refuse("query_long")
	}
	if strings.ContainsRune(query, 0) {
		return refuse("query_unfinished")
	}
	s := scanner{kind: k, text: query}
	first, depth, end := "", 0, -1
	for {
		start, token := s.next()
		switch {
		case s.failed:
			return refuse("query_unfinished")
		case token == "":
			switch {
			case first == "":
				return refuse("query_empty")
			case depth != 0:
				return refuse("query_parentheses")
			case end < 0:
				end = len(query)
			}
			return strings.TrimSpace(query[:end]), nil
		case end >= 0: // something follows the semicolon
			if token == ";" {
				continue
			}
			return refuse("query_several")
		case token == ";":
			if first == "" {
				return refuse("query_empty")
			}
			end = start
			continue
		case token == "(":
			depth++
		case token == ")":
			if depth--; depth < 0 {
				return refuse("query_parentheses")
			}
		}
		if first != "" || token == "(" {
			continue
		}
		for _, word := range beginnings[k] {
			if strings.EqualFold(token, word) {
				first = word
			}
		}
		if first == "" {
			return refuse("query_reads")
		}
	}
}

// scanner cuts SQL into tokens: words, single signs, and strings or quoted names as one token each. Comments are passed over.
type scanner struct {
	kind   Kind
	text   string
	at     int
	failed bool // a string, quoted name or comment does not end, or hides a statement
}

// next gives the next token and where it starts; "" at the end.
func (s *scanner) next() (start int, token string) {
	for s.at < len(s.text) && !s.failed {
		rest, c := s.text[s.at:], s.text[s.at]
		start = s.at
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			s.at++
			continue
		case strings.HasPrefix(rest, "--") && (s.kind != MySQL || len(rest) == 2 || rest[2] <= ' '), c == '#' && s.kind == MySQL:
			// A lone CR ends the comment for PostgreSQL only. Where they disagree, a statement could hide.
			line := strings.IndexByte(rest, '\n')
			if line < 0 {
				line = len(rest)
			}
			if strings.ContainsRune(strings.TrimRight(rest[:line], "\r"), '\r') {
				s.failed = true
				return start, ""
			}
			s.at += line
			continue
		case strings.HasPrefix(rest, "/*"):
			s.comment()
			continue
		case c == '\'':
			s.quoted('\'', s.kind == MySQL || s.escapes(start))
		case c == '"':
			s.quoted('"', s.kind == MySQL)
		case c == '`':
			s.quoted('`', false)
		case c == '[' && s.kind == SQLServer:
			s.quoted(']', false)
		case c == '$' && s.kind == PostgreSQL:
			s.dollar()
		case isWord(c):
			for s.at < len(s.text) && (isWord(s.text[s.at]) || s.text[s.at] == '$') {
				s.at++
			}
		default:
			s.at++
		}
		if s.failed {
			return start, ""
		}
		return start, s.text[start:s.at]
	}
	return s.at, ""
}

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// escapes reports whether a string at start is one of PostgreSQL's E'…', in which a backslash escapes.
func (s *scanner) escapes(start int) bool {
	if s.kind != PostgreSQL || start == 0 || s.text[start-1]|0x20 != 'e' {
		return false
	}
	return start == 1 || !isWord(s.text[start-2]) && s.text[start-2] != '$'
}

// quoted passes over a string or quoted name; its end doubled stands for itself.
func (s *scanner) quoted(end byte, backslash bool) {
	for s.at++; s.at < len(s.text); s.at++ {
		switch {
		case backslash && s.text[s.at] == '\\':
			s.at++
		case s.text[s.at] == end:
			if s.at+1 < len(s.text) && s.text[s.at+1] == end {
				s.at++
				continue
			}
			s.at++
			return
		}
	}
	s.failed = true
}

// dollar passes over PostgreSQL's $tag$ … $tag$, or over a $ that begins no string.
func (s *scanner) dollar() {
	rest := s.text[s.at:]
	end := 1
	for end < len(rest) && isWord(rest[end]) {
		end++
	}
	if end == len(rest) || rest[end] != '$' || end > 1 && rest[1] >= '0' && rest[1] <= '9' {
		s.at += end
		return
	}
	tag := rest[:end+1]
	length := strings.Index(rest[len(tag):], tag)
	if length < 0 {
		s.failed = true
		return
	}
	s.at += len(tag) + length + len(tag)
}

// comment passes over /* … */, which nests but in MySQL, where /*! and /*M! hold statements and are refused.
func (s *scanner) comment() {
	if s.kind == MySQL && (strings.HasPrefix(s.text[s.at:], "/*!") || strings.HasPrefix(s.text[s.at:], "/*M!")) {
		s.failed = true
		return
	}
	nests := s.kind == PostgreSQL || s.kind == SQLServer
	depth := 0
	for s.at < len(s.text) {
		switch rest := s.text[s.at:]; {
		case strings.HasPrefix(rest, "/*") && (nests || depth == 0):
			depth++
			s.at += 2
		case strings.HasPrefix(rest, "*/"):
			s.at += 2
			if depth--; depth == 0 {
				return
			}
		default:
			s.at++
		}
	}
	s.failed = true
}

package help

import "strings"

// example is something to be copied: it is the same in every language.
type example struct{ id, text string }

func examples(base string) []example {
	written := []example{
		{"look", `export SEGUE_TOKEN=segue_…
curl -H "Authorization: Bearer $SEGUE_TOKEN" BASE/api/v1/exports`},
		{"run", `curl -X POST -H "Authorization: Bearer $SEGUE_TOKEN" \
  -H "Idempotency-Key: $(uuidgen)" BASE/api/v1/exports/1/runs`},
		{"watch", `curl -N -H "Authorization: Bearer $SEGUE_TOKEN" BASE/api/v1/runs/1/watch`},
		{"answer", `curl -X POST -H "Authorization: Bearer $SEGUE_TOKEN" -H "Content-Type: application/json" \
  -d '{"reply": "go_on"}' BASE/api/v1/runs/1/resume`},
		{"outcomes", `curl -H "Authorization: Bearer $SEGUE_TOKEN" -H "Accept: text/csv" \
  -o outcomes.csv BASE/api/v1/runs/1/outcomes`},
		{"command", `segue run "Newsletter" --wait --server BASE
segue status --json --server BASE`},
		{"config", `segue config export segue.yaml --server BASE
segue config diff segue.yaml --server BASE
segue config apply segue.yaml --yes --server BASE`},
	}
	for i := range written {
		written[i].text = strings.ReplaceAll(written[i].text, "BASE", base)
	}
	return written
}

// rules are what programs do well to know.
var rules = []string{"problems", "pages", "language", "limits", "fields"}

package alert_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/i18n"
)

// TestEveryAlertHasWordsInEveryLanguage goes through all that an alert may be about and may be caused by.
func TestEveryAlertHasWordsInEveryLanguage(t *testing.T) {
	failures := strings.Fields(`too_many_profiles segment_unusable exclusion_unusable destination_unavailable batches_stalled api_retired does_not_add_up internal
		source_unavailable source_refused superseded brand_changed no_connection export_removed source_gone`)
	pauses := strings.Fields(`not_verified no_consent no_export_user export_user_unable key_failed key_refused scope_missing brand_unable payment_required secret_missing store_unavailable
		destination_unavailable batches_stalled source_unavailable source_refused many_leave many_new awaits_approval`)
	unable := strings.Fields(`no_connection no_segments segment_inactive attribute_missing mixed_bases source_gone not_verified no_consent no_export_user export_user_unable awaits_approval`)
	waits := append(strings.Fields(`rate_limit outcome destination_unavailable disk_full database_locked source_read source_unavailable`), "")
	type about = alert.Condition
	var conditions []about
	add := func(c about, codes ...string) {
		for _, code := range codes {
			c.Code = code
			conditions = append(conditions, c)
		}
	}
	of := alert.Facts{RunID: 1, Destination: "Omnisend"}
	add(about{Kind: alert.RunFailed, Thing: alert.Export, Facts: of}, failures...)
	add(about{Kind: alert.RunStuck, Thing: alert.Export, Facts: of}, waits...)
	add(about{Kind: alert.ExportPaused, Thing: alert.Export, Facts: of}, pauses...)
	add(about{Kind: alert.ExportPaused, Thing: alert.Export}, unable...)
	add(about{Kind: alert.RunNotStarted, Thing: alert.Export, Facts: of}, "")
	add(about{Kind: alert.RunNotStarted, Thing: alert.Export}, "overdue")
	add(about{Kind: alert.RejectedShare, Thing: alert.Export, Facts: of}, "")
	add(about{Kind: alert.RunSize, Thing: alert.Export, Facts: alert.Facts{Profiles: 1, Usual: 5}}, "")
	add(about{Kind: alert.RunSize, Thing: alert.Export, Facts: alert.Facts{Profiles: 5, Usual: 1}}, "")
	add(about{Kind: alert.KeyRefused, Thing: alert.Connection}, "key_refused", "scope_missing", "brand_unable", "brand_changed", "payment_required", "secret_missing", "store_unavailable")
	add(about{Kind: alert.RefreshRefused, Thing: alert.Source, Facts: alert.Facts{ImportID: 1}}, "failed", "asking", "waiting", "unread")
	add(about{Kind: alert.RefreshRefused, Thing: alert.Schedule}, "whole", "tasks")
	add(about{Kind: alert.RunNotStarted, Thing: alert.Schedule}, "waits", "overdue", "skipped")
	bare := regexp.MustCompile(`<no value>|\b(alert|obstacle|pause|runs)\.[a-z]`)
	for _, language := range i18n.Languages() {
		l := i18n.For(language, nil)
		for _, c := range conditions {
			c.Name = "Spring"
			a := alert.Alert{Condition: c}
			for _, text := range []string{a.Title(l), a.Why(l), a.Mend(l), a.Over(l), a.Go(l)} {
				if text == "" || bare.MatchString(text) || strings.HasSuffix(text, l.T("alert.reason.unknown")) {
					t.Errorf("%s, %s of %s for %q: %q", language, c.Kind, c.Thing, c.Code, text)
				}
			}
		}
	}
}

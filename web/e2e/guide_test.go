package e2e

import (
	"testing"

	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/i18n"
)

// guided is a step of the guide as somebody reads it.
type guided struct {
	Text   string
	Labels []struct{ Key, Text string }
}

// reader follows the guide: the labels are the guide's, and only what is chosen and typed is the reader's own.
type reader struct {
	*page
	locale *i18n.Locale
}

// TestTheFirstExportGoesAsTheGuideSaysIt begins with nothing and does what the chapter says, label by label, as it stands on the page.
func TestTheFirstExportGoesAsTheGuideSaysIt(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := startEmpty(t)
			token, err := s.Accounts.EnsureSetup(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			p := s.open(t, language)
			p.visit("/setup?token=" + token)
			p.fill(words{"Email address", "Mailadresse"}, "first@example.com")
			p.fill(words{"Name", "Navn"}, "Freja Falk")
			p.fill(words{"Password", "Adgangskode"}, itsPassword)
			p.press(words{"Create the account", "Opret kontoen"})
			p.heading(words{"Welcome, Freja Falk", "Velkommen, Freja Falk"})

			p.visit("/help#first")
			p.inspect("help")
			var chapter []guided
			p.evaluate(`[...document.querySelectorAll("#first ol > li")].map(step => ({
				Text: step.innerText,
				Labels: [...step.querySelectorAll("[data-label]")].map(label => ({Key: label.dataset.label, Text: label.innerText})),
			}))`, &chapter)
			if len(chapter) < 20 {
				t.Fatalf("the chapter has %d steps", len(chapter))
			}
			p.visit("/")
			r := reader{p, i18n.For(language, nil)}
			ways := r.ways()
			for _, step := range chapter {
				for _, label := range step.Labels {
					follow, known := ways[label.Key]
					if !known {
						t.Fatalf("nobody knows how to follow %q (%s) in: %s", label.Text, label.Key, step.Text)
					}
					follow(same(label.Text))
				}
			}

			contact, ok := s.Sandbox.Contact("bo@example.com")
			if !ok || contact.FirstName != "Bo" || s.contacts() != 1 {
				t.Errorf("%s holds %d contacts, and of bo@example.com: %+v", demo.Brand, s.contacts(), contact)
			}
		})
	}
}

const itsPassword = "gulls over seven bridges"

// ways are what the reader does at each label of the chapter.
func (r reader) ways() map[string]func(words) {
	press, sees := r.pressFirst, func(label words) { r.sees(label) }
	fill := func(value string) func(words) { return func(label words) { r.fill(label, value) } }
	choose := func(option string) func(words) { return func(label words) { r.choose(label, same(option)) } }
	within := func(choice string) func(words) { return func(label words) { r.part(label).tick(same(choice)) } }
	text := func(key string) string { return r.locale.T(key) }
	return map[string]func(words){
		"layout.nav.profiles": r.menu, "layout.nav.segments": r.menu, "layout.nav.connections": r.menu, "layout.nav.exports": r.menu,

		"sources.upload":      press,
		"sources.upload.file": func(label words) { r.attach(label, file(r.t, "kunder.csv", customers)) },
		"sources.upload.send": press,
		"sources.check":       sees,
		"sources.import":      press,
		"sources.import.done": sees,

		"segments.add":               press,
		"segments.new.rule":          press,
		"segments.builder.attribute": choose("By"),
		"segments.builder.value":     fill("Aarhus C"),
		"segments.preview": func(label words) {
			r.sees(label, words{r.locale.N("segments.profiles", 1), r.locale.N("segments.profiles", 1)})
		},
		"segments.name": fill("Aarhus"),
		"segments.save": press,

		"connections.add":             press,
		"connections.new.type":        within("Omnisend"),
		"connections.new.next":        press,
		"connections.name":            fill("Tea shop newsletter"),
		"connections.access.choose":   within(text("connections.access.contributors")),
		"connections.key":             fill(demo.APIKey),
		"connections.terms":           sees,
		"connections.agree":           r.tick,
		"connections.connect":         press,
		"connections.export_user.add": press,
		"account.password":            fill(itsPassword),
		"confirm.submit":              press,
		"connections.save":            press,

		"exports.add":             press,
		"exports.name":            fill("Aarhus to the tea shop"),
		"exports.connection":      choose("Tea shop newsletter"),
		"exports.segments.choose": within("Aarhus"),
		"exports.matching":        sees,
		"exports.field.email": func(label words) {
			if got := r.chosen(label); got != "Mail" {
				r.t.Errorf("the attribute suggested for the address is %q", got)
			}
		},
		"exports.line.add":       press,
		"exports.line.field":     choose(text("exports.field.firstName")),
		"exports.line.attribute": choose("Fornavn"),
		"exports.meant": func(label words) {
			r.sees(label)
			r.tick(meant("Mail"))
			r.tick(meant("Fornavn"))
		},
		"exports.save":         press,
		"exports.run":          press,
		"runs.state.succeeded": sees,
		"runs.count.accepted":  sees,
	}
}

// pressFirst presses what has the name, and the first of several that lead to the same.
func (r reader) pressFirst(name words) {
	r.t.Helper()
	r.canPress(name)
	r.click(r.candidates(r.say(name), pressable)[0])
}

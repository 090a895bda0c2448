package export

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/membership"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/segment"
)

// Suggestion is an attribute that may fill a field, and why we think so.
type Suggestion struct {
	Field     destination.Field
	Attribute profile.Attribute
	Reason    string // code: "name" (the attribute is called so) or "values" (its values look so)
}

// names are what attributes that fill a field are called, in English and Danish, folded to lower-case letters and digits.
var names = map[destination.Field][]string{
	destination.Email:      {"email", "emailaddress", "mail", "mailadresse", "emailadresse", "primaryemail", "contactemail"},
	destination.FirstName:  {"firstname", "fornavn", "givenname", "forename"},
	destination.LastName:   {"lastname", "efternavn", "surname", "familyname"},
	destination.Address:    {"address", "adresse", "street", "streetaddress", "addressline1", "address1", "vej", "gade"},
	destination.Country:    {"country", "countryregion", "land", "landområde", "countrycode", "landekode"},
	destination.State:      {"state", "stateprovince", "region", "province", "stat"},
	destination.City:       {"city", "town", "by", "bynavn"},
	destination.PostalCode: {"postalcode", "postcode", "zip", "zipcode", "postnummer", "postnr"},
	destination.Phone:      {"phone", "phonenumber", "mobile", "mobilephone", "telefon", "telefonnummer", "mobil", "tlf"},
	destination.Birthdate:  {"birthdate", "dateofbirth", "birthday", "dob", "fødselsdato", "fødselsdag"},
	destination.Gender:     {"gender", "sex", "køn"},
	destination.Tags:       {"tags", "labels"},
}

// Suggest proposes a mapping: for each field the attribute that is called so, and for the email otherwise one whose
// values are addresses. An attribute is proposed once. base is what the segments are made from; of profiles that stay where they
// are no values are looked at.
func (s *Service) Suggest(ctx context.Context, actor access.Actor, info destination.Info, base int64) ([]Suggestion, error) {
	snapshot, err := s.base(ctx, base)
	if problem.Is(err, problem.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []Suggestion
	used := map[string]bool{}
	for _, field := range info.Fields {
		if a, ok := called(snapshot, names[field], used); ok {
			used[a.Key] = true
			found = append(found, Suggestion{Field: field, Attribute: a, Reason: "name"})
		} else if field == destination.Email && base == 0 {
			a, ok, err := s.holdingAddresses(ctx, actor, snapshot)
			if err != nil {
				return nil, err
			}
			if ok {
				used[a.Key] = true
				found = append(found, Suggestion{Field: field, Attribute: a, Reason: "values"})
			}
		}
	}
	return found, nil
}

// called finds the attribute with the best name: an exact one first, in the order of the list.
func called(snapshot profile.Snapshot, wanted []string, used map[string]bool) (profile.Attribute, bool) {
	for _, name := range wanted {
		for _, a := range snapshot.Attributes {
			if !used[a.Key] && (folded(a.Key) == name || folded(a.Label) == name) {
				return a, true
			}
		}
	}
	return profile.Attribute{}, false
}

// AddressOf finds the attribute of profiles that holds email addresses: one that is marked so, or else is called so.
func AddressOf(snapshot profile.Snapshot) (profile.Attribute, bool) {
	for _, a := range snapshot.Attributes {
		if a.Address {
			return a, true
		}
	}
	return called(snapshot, names[destination.Email], nil)
}

func folded(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-./()", r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

func (s *Service) holdingAddresses(ctx context.Context, actor access.Actor, snapshot profile.Snapshot) (profile.Attribute, bool, error) {
	for _, a := range snapshot.Attributes {
		if a.Kind != profile.Text {
			continue
		}
		samples, err := s.profiles.Samples(ctx, actor, snapshot, a.Key, 5)
		if err != nil {
			return profile.Attribute{}, false, err
		}
		addresses := 0
		for _, value := range samples {
			if at := strings.Index(value, "@"); at > 0 && strings.Contains(value[at:], ".") {
				addresses++
			}
		}
		if addresses > 0 && addresses*2 > len(samples) {
			return a, true, nil
		}
	}
	return profile.Attribute{}, false, nil
}

// Assay is what a mapping would do to the profiles of some segments.
type Assay struct {
	Profiles int                 // looked at: each once
	Rejected int                 // would not be sent
	Too      bool                // more than the destination takes in one export
	Part     bool                // these are only some of the profiles: those that the source gave first
	Fields   map[string]Findings // by the destination's field
}

// Findings are what a mapping's line would do.
type Findings struct {
	Empty    int
	Rejected int
}

// Assay tries a mapping on every profile of the segments, and sends nothing. It takes about as long as reading them.
func (s *Service) Assay(ctx context.Context, actor access.Actor, info destination.Info, segmentIDs []int64, mapping Mapping, consent destination.Consent) (Assay, error) {
	result := Assay{Fields: map[string]Findings{}}
	if err := actor.Require(access.UseSomeConnections); err != nil {
		return result, err
	}
	if len(segmentIDs) == 0 || len(mapping) == 0 {
		return result, nil
	}
	definitions, err := s.segments.Definitions(ctx, segmentIDs)
	if err != nil {
		return result, err
	}
	base := definitions[0].SourceID
	if slices.ContainsFunc(definitions, func(d segment.Definition) bool { return d.SourceID != base }) {
		return result, problem.New(problem.Conflict, "obstacle."+string(MixedBases))
	}
	snapshot, err := s.base(ctx, base)
	if err != nil {
		return result, err
	}
	driver, err := s.Driver(info.Type)
	if err != nil {
		return result, err
	}
	for _, key := range mapping.Attributes() {
		if _, ok := snapshot.Attribute(key); !ok {
			return result, problem.New(problem.Invalid, "problem.choose")
		}
	}
	now := s.clock()
	encoder, err := mapping.NewEncoder(driver, consent, now)
	if err != nil {
		return result, problem.New(problem.Invalid, "problem.export.field_unknown").Because(err)
	}
	trial := trial{encoder: encoder, shaper: mapping.newShaper(), mapping: mapping, result: &result}
	if base != 0 {
		err := s.assayThere(ctx, snapshot, definitions, &trial, now)
		return result, err
	}
	var conditions []segment.Where
	for _, definition := range definitions {
		where, err := segment.Compile(definition, snapshot, now)
		if err != nil {
			return result, err
		}
		conditions = append(conditions, where)
	}
	selection, err := membership.Select(snapshot, conditions, mapping.Attributes())
	if err != nil {
		return result, err
	}
	done, err := s.db.Long(ctx)
	if err != nil {
		return result, err
	}
	defer done()
	err = s.assay(ctx, selection, &trial, info)
	return result, err
}

// trial tries a mapping on one profile after the other.
type trial struct {
	encoder destination.Encoder
	shaper  *shaper
	mapping Mapping
	result  *Assay
	item    []byte
}

func (t *trial) look(values []string) {
	t.result.Profiles++
	for i, value := range t.shaper.shape(values) {
		if value == "" {
			t.note(string(t.mapping[i].Field), func(f *Findings) { f.Empty++ })
		}
	}
	var reasons []destination.Reason
	t.item, reasons = t.encoder.Encode(t.item[:0], values, nil)
	if len(reasons) > 0 {
		t.result.Rejected++
	}
	for _, reason := range reasons {
		t.note(reason.Field, func(f *Findings) { f.Rejected++ })
	}
}

func (t *trial) note(field string, add func(*Findings)) {
	f := t.result.Fields[field]
	add(&f)
	t.result.Fields[field] = f
}

// assayedThere is how many profiles that stay where they are a mapping is tried on.
const assayedThere = 5000

// assayThere tries a mapping on the first profiles that a source gives.
func (s *Service) assayThere(ctx context.Context, schema profile.Snapshot, definitions []segment.Definition, t *trial, now time.Time) error {
	keys := t.mapping.Attributes()
	reading := pushdown.Reading{SourceID: definitions[0].SourceID, Definitions: definitions, Attributes: keys, At: now, Most: assayedThere + 1}
	values := make([]string, len(keys))
	_, err := s.remote.Stream(ctx, reading, func(m pushdown.Member) error {
		if t.result.Profiles == assayedThere {
			t.result.Part = true
			return nil
		}
		for i, value := range m.Values {
			attribute, _ := schema.Attribute(keys[i])
			values[i] = membership.Text(attribute.Kind, value)
		}
		t.look(values)
		return nil
	})
	return err
}

func (s *Service) assay(ctx context.Context, selection *membership.Selection, t *trial, info destination.Info) error {
	after := ""
	for more := true; more; {
		var err error
		more, err = selection.Page(ctx, s.db.Reader(), after, 1000, func(m membership.Member) error {
			after = m.ID
			t.look(m.Values)
			return nil
		})
		if err != nil {
			return err
		}
	}
	t.result.Too = t.result.Profiles > info.MaxProfiles
	return nil
}

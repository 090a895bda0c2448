// Package destination says what the runner expects of a marketing platform. A second platform is a new package that
// implements Driver and registers itself where the program is wired; the runner, the pages and the schema stay as they are.
package destination

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/secret"
)

// Field names an attribute of a contact at the destination ("email", "firstName", "custom:loyalty").
type Field string

// The fields that a destination may offer. Custom properties are CustomPrefix followed by the property's name.
const (
	Email      Field = "email"
	FirstName  Field = "firstName"
	LastName   Field = "lastName"
	Address    Field = "address"
	Country    Field = "country"
	State      Field = "state"
	City       Field = "city"
	PostalCode Field = "postalCode"
	Phone      Field = "phone"
	Birthdate  Field = "birthdate"
	Gender     Field = "gender"
	Tags       Field = "tags"

	CustomPrefix = "custom:"
)

// The fields that a channel's status may be mapped to: whether the person agreed to be reached so, and since when.
const (
	EmailStatus   Field = "emailStatus"
	EmailStatusAt Field = "emailStatusAt"
	SMSStatus     Field = "smsStatus"
	SMSStatusAt   Field = "smsStatusAt"
)

// Channel is a way of reaching contacts for which the destination keeps a status of its own.
type Channel struct {
	Name     string // "email", "sms"
	Address  Field  // which must be mapped for the channel to be there
	Status   Field
	StatusAt Field
}

// Info is what people and the runner need to know of a kind of destination.
type Info struct {
	Type              string // "omnisend": stored with each connection
	Name              string // "Omnisend": a proper name, the same in every language
	Host              string // that is called, with its port where it has one
	Fields            []Field
	Custom            bool      // whether custom properties can be mapped
	Clearable         []Field   // that an empty value can empty; CustomPrefix stands for all custom properties
	Channels          []Channel // whose status can be mapped; their fields are not among Fields
	MaxProfiles       int       // in one export
	MaxBatch          int       // items in one batch
	RequestsPerMinute int       // per brand, in a sliding window
}

// Offers reports whether a field can be mapped, those of the channels included. What a custom property may be called is not
// looked into.
func (i Info) Offers(field Field) bool {
	if strings.HasPrefix(string(field), CustomPrefix) {
		return i.Custom
	}
	_, ofChannel := i.ChannelOf(field)
	return ofChannel || slices.Contains(i.Fields, field)
}

// Clears reports whether an empty value can empty the field at the destination.
func (i Info) Clears(field Field) bool {
	if strings.HasPrefix(string(field), CustomPrefix) {
		field = CustomPrefix
	}
	return slices.Contains(i.Clearable, field)
}

// ChannelOf finds the channel whose status, or its date, the field is.
func (i Info) ChannelOf(field Field) (Channel, bool) {
	for _, c := range i.Channels {
		if field == c.Status || field == c.StatusAt {
			return c, true
		}
	}
	return Channel{}, false
}

// Mapped is a field of which each profile has a value.
type Mapped struct {
	Field Field
	Clear bool // an empty value empties the field at the destination, instead of leaving it as it is there
}

// Consent says what is known of the consents besides what is mapped. The zero value leaves every status alone, unless
// statuses are mapped.
type Consent struct {
	Source   string   `json:"source,omitempty"`   // where the consents were given, in the words of the brand
	Everyone []string `json:"everyone,omitempty"` // names of channels to which everybody agreed, each at the mapped date
}

// All reports whether everybody agreed to a channel.
func (c Consent) All(channel string) bool { return slices.Contains(c.Everyone, channel) }

// Layout is all that decides how contacts are written.
type Layout struct {
	Fields  []Mapped // in the order in which values will be given
	Consent Consent
	At      time.Time // dates after this moment lie in the future
}

// Brand is the account that a key proved to belong to.
type Brand struct {
	ID, Name, Website string
}

// Driver is a kind of destination.
type Driver interface {
	Info() Info
	// NewEncoder prepares the writing of contacts. It fails when a field is not one of this destination's, or what the
	// layout says of consents does not fit its fields.
	NewEncoder(layout Layout) (Encoder, error)
	// Request shows what Send would send for the items, less the key: for a person to look at.
	Request(items [][]byte) (line string, body []byte)
	// Open gives the account that a key belongs to. Every request passes the gate first.
	Open(key secret.Text, gate Gate) Account
}

// Encoder turns the mapped values of one profile into a batch item. It is used by one goroutine at a time.
type Encoder interface {
	// Encode appends the item to dst. values are in the order of the layout's fields, "" where the profile has none;
	// tags are added to those that are mapped. When the profile cannot be sent, dst comes back as it was, with the reasons.
	Encode(dst []byte, values []string, tags []string) ([]byte, []Reason)
	// Identity gives the address by which the destination tells contacts apart, as it will be sent, and false when the
	// value is no such address. Two profiles of one identity are one contact. It looks at no value but that of Email.
	Identity(values []string) (string, bool)
}

// Reason says why one profile was not accepted: by us, before sending (Field and Code), or by the destination (also
// its words in Message).
type Reason struct {
	Field   string `json:"field,omitempty"`
	Code    string `json:"code"` // ours: "required", "invalid_email", "invalid_phone", "invalid_date", "invalid_gender", "too_long", "invalid_tag", …
	Message string `json:"message,omitempty"`
}

// Account is a destination opened with a key. All methods wait at the gate, honour the context, and fail with *Error.
type Account interface {
	// Verify proves the key and names the brand.
	Verify(ctx context.Context) (Brand, error)
	// Send hands over items (each as Encode wrote it, 1 to MaxBatch of them) and returns the batch's id there.
	Send(ctx context.Context, items [][]byte) (batchID string, err error)
	// States reads the states of many batches with as few requests as can be. oldest is when the first of them was
	// sent. A batch that the destination does not know any more is in the answer as Unknown.
	States(ctx context.Context, batchIDs []string, oldest time.Time) (map[string]BatchState, error)
	// Results reads what became of each item of a batch.
	Results(ctx context.Context, batchID string) (Results, error)
	// Find reads the contact of that identity, for a person to look at; ok is false when there is none.
	Find(ctx context.Context, identity string) (contact Contact, ok bool, err error)
}

// Tagger is an Account that can also add and remove tags of contacts it has. Destinations count such calls apart from
// all others: open an account of its own for them, with a gate of that budget.
type Tagger interface {
	// TagLimits says how many contacts one call takes, and how many calls a minute allows.
	TagLimits() (contacts, requestsPerMinute int)
	// AddTags and RemoveTags act on the contacts of these identities, some time after they return. Identities that
	// nobody has are passed over, and doing the same again changes nothing.
	AddTags(ctx context.Context, identities, tags []string) error
	RemoveTags(ctx context.Context, identities, tags []string) error
}

// Progress is how far a batch has come.
type Progress int

// The stages. Done and Stopped are final.
const (
	Waiting Progress = iota // taken, or under way
	Done                    // every item was tried
	Stopped                 // given up; some items may not have been tried
	Unknown                 // the destination does not know this batch (any more)
)

// BatchState is what the listing says of a batch.
type BatchState struct {
	Progress                Progress
	Total, Finished, Errors int
}

// Results are the items of one batch that were answered. Accepted and Rejected are keyed by identity; an item in
// neither was not tried.
type Results struct {
	Accepted map[string]Accepted
	Rejected map[string]Rejected
}

// Rejected says why an item was not taken.
type Rejected struct {
	Reasons []Reason // one at least
	Passing bool     // not the item is to blame: the same one may be taken later
	Answer  []byte   // as received; it may quote the item
}

// Accepted says what an accepted item did. Where the destination does not tell, neither is true.
type Accepted struct{ Created, Updated bool }

// Contact is a contact as the destination holds it.
type Contact struct {
	ID     string
	Email  string
	Fields map[string]string
	Tags   []string
}

// Gate admits requests. The runner gives each run a gate of its brand's budget.
type Gate interface {
	// Enter waits until a request may be sent. When the answer has been read, done must be called with what it said.
	Enter(ctx context.Context) (done func(Answer), err error)
}

// Answer tells the gate about a request's end.
type Answer struct {
	Throttled  bool          // the destination said: too many requests
	RetryAfter time.Duration // its hint, 0 when it gave none
}

// ErrorKind sorts the failures of a destination by what should be done.
type ErrorKind int

// The kinds.
const (
	Unauthorized ErrorKind = iota + 1 // the key is wrong or withdrawn: stop, a person must act
	Forbidden                         // the key is real but lacks a permission: stop, a person must act
	Payment                           // the account must be paid for: stop, a person must act
	Retired                           // this version of the API is gone: a newer release is needed
	Refused                           // the request itself is invalid: never sent again unchanged
	TooLarge                          // the same in smaller pieces may pass
	Throttled                         // too many requests: wait, then again
	Unavailable                       // a fault on their side: again, with growing waits
	Unreachable                       // no or half an answer: the outcome is not known; again
	NotKnown                          // no such thing there
	NoBrand                           // the key is real, but what it belongs to cannot take an export: stop, a person must act
)

// Error is a failed request. Message is in the destination's own words or ours, and free of personal data and of keys.
type Error struct {
	Kind       ErrorKind
	Status     int // HTTP status, 0 when there was none
	Message    string
	RetryAfter time.Duration
	TraceID    string // the destination's id of the failure, for its support
	Reasons    []Reason
	Answer     []byte // of a request that was refused, as received; it may quote the request and is never logged
	Cause      error
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Passing reports whether trying again later can help without anybody's doing.
func (e *Error) Passing() bool {
	return e.Kind == Throttled || e.Kind == Unavailable || e.Kind == Unreachable
}

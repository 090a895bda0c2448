// Package connection owns the named accounts at a destination: the sealed key, the brand that it proved to belong to, the
// consent, the export user, and which contributors may use it. It does not know exports; whoever depends on a connection
// is asked through the interface Dependents.
package connection

import (
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/secretstore"
)

// Connection is a named account at a destination. The key is not in it: Service.Account opens an account with it.
type Connection struct {
	ID    int64
	Type  string // kind of destination: "omnisend"
	Name  string
	Grant access.Grant // which contributors may use it

	BrandID, BrandName, BrandWebsite string
	VerifiedAt                       time.Time
	Failure                          Failure // why the key does not work (any more), "" when it does
	FailedAt                         time.Time

	Consent      Consent
	ExportUserID int64 // runs act for this person
	ExportUser   string
	ExportUserAt time.Time // when the person confirmed it

	KeyFrom    secretstore.Reference // the secret in a store outside that is the key; empty when the key is sealed here
	KeyVersion int                   // rises with each key, so that news of an old key is not taken for news of the new one
	Version    int                   // for optimistic locking
	CreatedBy  int64
	CreatedAt  time.Time
	UpdatedAt  time.Time
	RemovedAt  time.Time // zero while it is in use; the key is erased then, the rest stays for the history
}

// subject is the connection as what something is done to.
func (c Connection) subject() audit.Subject { return audit.Of("connection", c.ID, c.Name) }

// Brand is the account at the destination that the key belongs to.
func (c Connection) Brand() destination.Brand {
	return destination.Brand{ID: c.BrandID, Name: c.BrandName, Website: c.BrandWebsite}
}

// Choice is all that people who may use a connection, but not manage it, get to know of it.
type Choice struct {
	ID         int64
	Type, Name string
}

// Consent is who agreed to which version of the data privacy and compliance terms, and when. The zero Consent is none.
type Consent struct {
	TermsVersion string
	UserID       int64
	UserName     string
	At           time.Time
}

// Failure is why a key does not work.
type Failure string

// The failures. Each has a message of its own on the pages.
const (
	KeyRefused      Failure = "key_refused"      // wrong or withdrawn
	ScopeMissing    Failure = "scope_missing"    // real, but without a permission that is needed
	BrandUnable     Failure = "brand_unable"     // the brand is not connected, or cannot export
	BrandChanged    Failure = "brand_changed"    // the key belongs to another brand than before
	PaymentRequired Failure = "payment_required" // the account there must be paid for

	// Of keys that come from a store outside.
	SecretMissing    Failure = "secret_missing"    // it has no secret of the name, or one that is no key
	StoreUnavailable Failure = "store_unavailable" // it does not answer, or lets nobody in, or is not configured any more
)

// Obstacle is why runs on a connection cannot go on; "" when they can.
type Obstacle string

// The obstacles.
const (
	NoObstacle       Obstacle = ""
	NotVerified      Obstacle = "not_verified"
	NoConsent        Obstacle = "no_consent"         // none, or to an older version of the terms when the days of grace are over
	NoExportUser     Obstacle = "no_export_user"     // nobody confirmed
	ExportUserUnable Obstacle = "export_user_unable" // disabled, or no administrator any more
	KeyFailed        Obstacle = "key_failed"         // see Failure
)

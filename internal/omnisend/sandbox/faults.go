package sandbox

import (
	"hash/fnv"
	"math"
	"strings"
)

// Faults are what can be made to go wrong while the stand-in runs. Shares are from 0 to 1. The zero value is a service
// without faults. Which requests are hit follows from the seed and the order in which they come.
type Faults struct {
	Seed uint64 `json:"seed"`
	Path string `json:"path"` // faults of requests hit only paths that contain this ("/batches"); "" means all

	// Of requests.
	LatencyMillis     int     `json:"latencyMillis"`     // every answer comes so much later
	JitterMillis      int     `json:"jitterMillis"`      // and by chance up to so much more
	ThrottleShare     float64 `json:"throttleShare"`     // answered 429 though within the limit
	NoRetryAfter      bool    `json:"noRetryAfter"`      // 429 without a hint
	ServerErrorShare  float64 `json:"serverErrorShare"`  // answered 500, 502, 503 or 504, nothing done
	DropBeforeShare   float64 `json:"dropBeforeShare"`   // connection cut, nothing done
	DropAfterShare    float64 `json:"dropAfterShare"`    // connection cut after it was done
	HalfAnswerShare   float64 `json:"halfAnswerShare"`   // done, and the connection cut in the middle of the answer
	BrokenJSONShare   float64 `json:"brokenJsonShare"`   // done, and the answer whole by HTTP but half as JSON
	OthersPerMinute   int     `json:"othersPerMinute"`   // requests that other apps of the brand send
	KeysRevoked       bool    `json:"keysRevoked"`       // every key answers 401
	DeniedScopes      string  `json:"deniedScopes"`      // blank-separated: answered 403
	OtherBrandID      string  `json:"otherBrandID"`      // brands/current names this brand instead
	VersionRetired    bool    `json:"versionRetired"`    // every request answers 410
	LargestBody       int     `json:"largestBody"`       // bytes; a larger one answers 413; 0 means 10 MB
	RefuseBatchesWith string  `json:"refuseBatchesWith"` // a batch that has an email containing this is refused whole with 400

	// Of batches and contacts.
	StallShare      float64 `json:"stallShare"`      // batches that never get on; at 0 those that stalled go on
	LoseItemShare   float64 `json:"loseItemShare"`   // batches of several that lose their last item, and whose results name a stranger in its place
	StopAfterErrors int     `json:"stopAfterErrors"` // batches are given up after so many errors; 0 means never
	RejectShare     float64 `json:"rejectShare"`     // addresses rejected: always the same ones for a seed
	RejectEmail     string  `json:"rejectEmail"`     // addresses that contain this are rejected
	RejectWith      int     `json:"rejectWith"`      // the status beside rejected items; 0 means 400
	ReplaceTags     bool    `json:"replaceTags"`     // tags of an upsert replace those there
	OldErrorShape   bool    `json:"oldErrorShape"`   // errors as {error, fields}
}

// rejects reports whether an address is to be rejected. The same seed and address always give the same answer, so that
// sending once more does not heal it.
func (f *Faults) rejects(email string) bool {
	if f.RejectEmail != "" && strings.Contains(email, f.RejectEmail) {
		return true
	}
	if f.RejectShare <= 0 {
		return false
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte{byte(f.Seed), byte(f.Seed >> 8), byte(f.Seed >> 16), byte(f.Seed >> 24)})
	_, _ = hash.Write([]byte(email))
	return float64(hash.Sum64()*0x9E3779B97F4A7C15)/math.MaxUint64 < f.RejectShare
}

// outcome is what chance decided for one request.
type outcome int

const (
	regular outcome = iota
	throttled
	serverError
	droppedBefore
	droppedAfter
	halfAnswer
	brokenJSON
)

// fate throws the dice once, so that shares add up instead of hiding each other.
func (f *Faults) fate(path string, roll float64) outcome {
	if f.Path != "" && !strings.Contains(path, f.Path) {
		return regular
	}
	for _, chance := range [...]struct {
		share float64
		is    outcome
	}{
		{f.ThrottleShare, throttled}, {f.ServerErrorShare, serverError}, {f.DropBeforeShare, droppedBefore},
		{f.DropAfterShare, droppedAfter}, {f.HalfAnswerShare, halfAnswer}, {f.BrokenJSONShare, brokenJSON},
	} {
		if roll < chance.share {
			return chance.is
		}
		roll -= chance.share
	}
	return regular
}

// faulty reports whether chance has anything to decide about requests.
func (f *Faults) faulty() bool {
	return f.ThrottleShare+f.ServerErrorShare+f.DropBeforeShare+f.DropAfterShare+f.HalfAnswerShare+f.BrokenJSONShare > 0
}

package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/url"
	"testing"
)

// Authenticator makes and uses one passkey, as a browser and a device do together (Web Authentication, level 3).
type Authenticator struct {
	Origin   string
	Count    uint32 // rises with each use; set it back to be a copy
	Unlocked bool   // by finger, face or PIN

	t      testing.TB
	key    *ecdsa.PrivateKey
	id     []byte
	handle []byte
}

// NewAuthenticator makes one that is unlocked.
func NewAuthenticator(t testing.TB, origin string) *Authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	_, _ = rand.Read(id)
	return &Authenticator{Origin: origin, Unlocked: true, t: t, key: key, id: id}
}

// ID is what the passkey is known by.
func (a *Authenticator) ID() []byte { return a.id }

type passkeyOptions struct {
	PublicKey struct {
		Challenge string
		User      struct{ ID string }
	}
}

var plain64 = base64.RawURLEncoding

func (a *Authenticator) read(options string) (o passkeyOptions) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		a.t.Fatal(err)
	}
	return o
}

// Make makes the passkey that the options ask for, and gives the browser's answer.
func (a *Authenticator) Make(options string) string {
	a.t.Helper()
	o := a.read(options)
	var err error
	if a.handle, err = plain64.DecodeString(o.PublicKey.User.ID); err != nil {
		a.t.Fatal(err)
	}
	point, err := a.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		a.t.Fatal(err)
	}
	data := a.data(0x40) // with the key
	data = append(data, make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.id)))
	data = append(data, a.id...)
	// COSE, in CBOR: kty EC2, alg ES256, crv P-256, x, y.
	data = append(data, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20)
	data = append(data, point[1:33]...)
	data = append(data, 0x22, 0x58, 0x20)
	data = append(data, point[33:]...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"), byte(len(data)>>8), byte(len(data)))
	object = append(object, data...)
	return a.answer(map[string]any{
		"clientDataJSON": plain64.EncodeToString(a.client("webauthn.create", o)), "attestationObject": plain64.EncodeToString(object),
	})
}

// Use answers the options with the passkey.
func (a *Authenticator) Use(options string) string {
	a.t.Helper()
	a.Count++
	client, data := a.client("webauthn.get", a.read(options)), a.data(0)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return a.answer(map[string]any{
		"clientDataJSON": plain64.EncodeToString(client), "authenticatorData": plain64.EncodeToString(data),
		"signature": plain64.EncodeToString(signature), "userHandle": plain64.EncodeToString(a.handle),
	})
}

func (a *Authenticator) client(kind string, o passkeyOptions) []byte {
	written, err := json.Marshal(map[string]any{"type": kind, "challenge": o.PublicKey.Challenge, "origin": a.Origin, "crossOrigin": false})
	if err != nil {
		a.t.Fatal(err)
	}
	return written
}

// data is what an authenticator signs: the site, flags and the count.
func (a *Authenticator) data(flags byte) []byte {
	a.t.Helper()
	origin, err := url.Parse(a.Origin)
	if err != nil {
		a.t.Fatal(err)
	}
	site := sha256.Sum256([]byte(origin.Hostname()))
	flags |= 0x01 // somebody is there
	if a.Unlocked {
		flags |= 0x04
	}
	return binary.BigEndian.AppendUint32(append(site[:], flags), a.Count)
}

func (a *Authenticator) answer(response map[string]any) string {
	written, err := json.Marshal(map[string]any{
		"id": plain64.EncodeToString(a.id), "rawId": plain64.EncodeToString(a.id), "type": "public-key", "response": response,
		"clientExtensionResults": map[string]any{},
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return string(written)
}

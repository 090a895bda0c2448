package secretstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"github.com/openbao/openbao/api/v2"

	"github.com/segue-app/segue/internal/secret"
)

// asking makes a request with a token that holds. One that is refused all the same was withdrawn: the request is made once more
// with a new one.
func (v *Vault) asking(ctx context.Context, request func(context.Context) (*api.Secret, error)) (*api.Secret, error) {
	for again := false; ; again = true {
		if err := v.signIn(ctx, again); err != nil {
			return nil, fmt.Errorf("sign in to the Vault: %w", err)
		}
		answer, err := within(ctx, v.config.Patience, request)
		if err == nil || again || !refused(err) {
			return answer, plainly(err)
		}
	}
}

func within(ctx context.Context, patience time.Duration, request func(context.Context) (*api.Secret, error)) (*api.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return request(ctx)
}

func refused(err error) bool {
	var answer *api.ResponseError
	return errors.As(err, &answer) && answer.StatusCode == http.StatusForbidden
}

// plainly leaves of an answer its status: what else a server says may repeat what it was sent.
func plainly(err error) error {
	var answer *api.ResponseError
	if errors.As(err, &answer) {
		return fmt.Errorf("the Vault answered with status %d", answer.StatusCode)
	}
	return err
}

// signIn sees that there is a token that holds: renews the one in use when half of its life is over, and gets another when it is
// at its end, cannot be renewed, or anew is asked for.
func (v *Vault) signIn(ctx context.Context, anew bool) error {
	now := v.config.Clock()
	if v.config.Login.TokenFile != "" {
		text, err := readLine(v.config.Login.TokenFile)
		if err != nil {
			return err
		}
		if text != v.token.text.Reveal() { // somebody put another there
			v.token = token{}
			anew = false
		}
		if v.token.text.Empty() {
			return v.take(ctx, text, now)
		}
		if anew {
			return errors.New("the token is not accepted, and its file has no other")
		}
	}
	if v.token.text.Empty() || anew || !v.token.endsAt.IsZero() && !now.Before(v.token.endsAt) {
		return v.login(ctx, now)
	}
	if !v.token.renewable || now.Before(v.token.renewAt) {
		return nil
	}
	answer, err := within(ctx, v.config.Patience, func(ctx context.Context) (*api.Secret, error) {
		return v.client.Auth().Token().RenewSelfWithContext(ctx, 0)
	})
	if err != nil || answer == nil || answer.Auth == nil {
		v.token.renewAt = now.Add(v.token.endsAt.Sub(now) / 2) // it holds still; a little later once more
		return nil
	}
	v.hold(answer.Auth.ClientToken, answer.Auth.LeaseDuration, answer.Auth.Renewable, now)
	return nil
}

// take takes a token of a file into use, and finds out how long it holds. Some may not even ask that, and are used as they are.
func (v *Vault) take(ctx context.Context, text string, now time.Time) error {
	v.hold(text, 0, false, now)
	answer, err := within(ctx, v.config.Patience, func(ctx context.Context) (*api.Secret, error) {
		return v.client.Auth().Token().LookupSelfWithContext(ctx)
	})
	if err != nil || answer == nil {
		return nil
	}
	seconds, err := answer.TokenTTL()
	if err != nil {
		return nil
	}
	renewable, err := answer.TokenIsRenewable()
	v.hold(text, int(seconds/time.Second), renewable && err == nil, now)
	return nil
}

func (v *Vault) hold(text string, seconds int, renewable bool, now time.Time) {
	v.client.SetToken(text)
	v.token = token{text: secret.NewText(text), renewable: renewable && seconds > 0}
	if seconds > 0 {
		life := time.Duration(seconds) * time.Second
		v.token.renewAt, v.token.endsAt = now.Add(life/2), now.Add(life)
	}
}

// login signs in by AppRole or as a service account of Kubernetes. The file is read each time: both are exchanged.
func (v *Vault) login(ctx context.Context, now time.Time) error {
	l := v.config.Login
	if l.TokenFile != "" {
		return errors.New("the token is at its end, and its file has no other")
	}
	file, mount, data := l.SecretIDFile, "approle", map[string]any{"role_id": l.RoleID}
	field := "secret_id"
	if l.KubernetesRole != "" {
		file, mount, field, data = l.ServiceToken, "kubernetes", "jwt", map[string]any{"role": l.KubernetesRole}
	}
	if l.Mount != "" {
		mount = l.Mount
	}
	text, err := readLine(file)
	if err != nil {
		return err
	}
	data[field] = text
	v.client.ClearToken()
	v.token = token{}
	answer, err := within(ctx, v.config.Patience, func(ctx context.Context) (*api.Secret, error) {
		return v.client.Logical().WriteWithContext(ctx, path.Join("auth", mount, "login"), data)
	})
	if err != nil {
		return plainly(err)
	}
	if answer == nil || answer.Auth == nil || answer.Auth.ClientToken == "" {
		return errors.New("the Vault gave no token")
	}
	v.hold(answer.Auth.ClientToken, answer.Auth.LeaseDuration, answer.Auth.Renewable, now)
	return nil
}

// readLine reads a short file without blanks around its text.
func readLine(name string) (text string, err error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	content, err := io.ReadAll(io.LimitReader(file, 64<<10))
	if text = strings.TrimSpace(string(content)); text == "" && err == nil {
		err = fmt.Errorf("%s is empty", name)
	}
	return text, err
}

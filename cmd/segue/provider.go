package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/oidc"
)

// provider is where the people of a company sign in.
type provider struct {
	OIDCIssuer      string       `name:"oidc-issuer" help:"OpenID Connect provider at which people may sign in: https://login.example.com. It must know the address /sign-in/company/return below --url. None when none is given." env:"SEGUE_OIDC_ISSUER"`
	OIDCClientID    string       `name:"oidc-client-id" help:"What the provider knows Segue by. Its secret comes from --oidc-client-secret-file or SEGUE_OIDC_CLIENT_SECRET." env:"SEGUE_OIDC_CLIENT_ID"`
	OIDCSecretFile  string       `name:"oidc-client-secret-file" help:"File of the secret that the provider gave Segue." type:"path" env:"SEGUE_OIDC_CLIENT_SECRET_FILE"`
	OIDCName        string       `name:"oidc-name" help:"The provider as people know it, for the button. Default: the host of the issuer." env:"SEGUE_OIDC_NAME"`
	OIDCScopes      []string     `name:"oidc-scopes" help:"What the provider is asked to tell, besides openid." default:"profile,email" env:"SEGUE_OIDC_SCOPES"`
	OIDCRolesClaim  string       `name:"oidc-roles-claim" help:"Claim with a person's roles or groups, or the way to it: realm_access.roles." default:"groups" env:"SEGUE_OIDC_ROLES_CLAIM"`
	OIDCRoles       oidc.Mapping `name:"oidc-roles" help:"Which value of the claim stands for which role: segue-admins=administrator;marketing=contributor. The highest counts, at every sign-in anew." env:"SEGUE_OIDC_ROLES"`
	OIDCDefaultRole string       `name:"oidc-default-role" help:"Role of those whom no value gives one: none (they may not come in), viewer, contributor or administrator." enum:"none,viewer,contributor,administrator" default:"none" env:"SEGUE_OIDC_DEFAULT_ROLE"`
	OIDCMakePeople  bool         `name:"oidc-make-people" help:"Who signs in at the provider for the first time and has a role gets an account. Otherwise only those come in who were invited." env:"SEGUE_OIDC_MAKE_PEOPLE"`
	OIDCTrustEmail  bool         `name:"oidc-trust-email" help:"Take addresses for verified of which the provider does not say whether they are. Only for a provider at which nobody can choose an address." env:"SEGUE_OIDC_TRUST_EMAIL"`
	NoPasswords     bool         `name:"no-passwords" help:"Let people sign in at the provider alone." env:"SEGUE_NO_PASSWORDS"`
}

// config reads the configuration of the provider.
func (p provider) config() (oidc.Config, error) {
	if p.OIDCIssuer == "" {
		return oidc.Config{}, nil // a secret may stand in the environment all the same
	}
	c := oidc.Config{
		Issuer: p.OIDCIssuer, ClientID: p.OIDCClientID, Name: strings.TrimSpace(p.OIDCName), Scopes: p.OIDCScopes, MakePeople: p.OIDCMakePeople, TrustEmail: p.OIDCTrustEmail,
		Roles: oidc.Roles{Claim: p.OIDCRolesClaim, Of: p.OIDCRoles},
	}
	if p.OIDCDefaultRole != "none" {
		c.Roles.Default = access.Role(p.OIDCDefaultRole)
	}
	var err error
	c.ClientSecret, err = secretOf("the client secret", clientSecretName, "--oidc-client-secret-file", p.OIDCSecretFile)
	return c, err
}

func (p provider) checkProvider(url string) error {
	if p.OIDCIssuer == "" {
		if p.NoPasswords {
			return errors.New("--no-passwords leaves no way in without --oidc-issuer")
		}
		return nil
	}
	if url == "" {
		return errors.New("--oidc-issuer needs --url: the provider sends people back to it")
	}
	c, err := p.config()
	if err == nil {
		err = c.Check()
	}
	if err != nil {
		return fmt.Errorf("--oidc-issuer: %w", err)
	}
	return nil
}

package main

import (
	"github.com/segue-app/segue/internal/notice/mail"
	"github.com/segue-app/segue/internal/reach"
)

// notices is how alerts leave the house.
type notices struct {
	SMTPURL          string        `name:"smtp-url" help:"SMTP server that alerts and letters about accounts are mailed through: smtp://user@mail.example.com:587, which requires STARTTLS but on this machine, smtps://user@mail.example.com:465, or smtp+plain://mail.example.com:25 without TLS. No mail is sent when none is given. The user's password comes from --smtp-password-file or SEGUE_SMTP_PASSWORD." env:"SEGUE_SMTP_URL"`
	SMTPPasswordFile string        `name:"smtp-password-file" help:"File of the password for the SMTP server." type:"path" env:"SEGUE_SMTP_PASSWORD_FILE"`
	MailFrom         string        `name:"mail-from" help:"Address that mail comes from: Segue <segue@example.com>." env:"SEGUE_MAIL_FROM"`
	HookHosts        reach.Allowed `name:"hook-hosts" help:"Hosts that alerts may be sent to by hooks: names, host:port or networks, with =plain behind those that may be reached without TLS. A name leads to public addresses only; private ones must be given as networks. None when none is given." env:"SEGUE_HOOK_HOSTS"`
}

// mail reads the configuration of mail.
func (n notices) mail() (mail.Config, error) {
	c := mail.Config{URL: n.SMTPURL, From: n.MailFrom}
	if n.SMTPURL == "" {
		return c, nil // a password may stand in the environment all the same
	}
	var err error
	c.Password, err = secretOf("the SMTP server's password", smtpPasswordName, "--smtp-password-file", n.SMTPPasswordFile)
	return c, err
}

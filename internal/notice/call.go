package notice

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/reach"
)

// Limits of a call.
const (
	callTimeout   = 10 * time.Second
	longestAnswer = 4 << 10 // bytes that are read of an answer, so that the receiver can finish it
)

// callHook sends a notice to a hook.
func (s *Service) callHook(ctx context.Context, n Notice) outcome {
	h, keys, err := s.opened(ctx, n.HookID)
	if err != nil {
		s.log.ErrorContext(ctx, "open a hook", "hook", n.HookID, "error", err)
		return outcome{reason: "notice.reason.internal"}
	}
	if h.ID == 0 || !h.Off.IsZero() {
		return outcome{reason: "notice.reason.hook_off", final: true}
	}
	body, err := s.write(n, h)
	if err != nil {
		return outcome{reason: "notice.reason.template", final: true}
	}
	return s.post(ctx, keys, n.Mark, body)
}

// post makes the request and judges the answer.
func (s *Service) post(ctx context.Context, keys keys, mark string, body []byte) outcome {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, keys.address.Reveal(), bytes.NewReader(body))
	if err != nil {
		return outcome{reason: "notice.reason.internal", final: true}
	}
	at := s.clock()
	var signatures []string
	for _, key := range keys.secrets {
		signature, err := sign(key, mark, at, body)
		if err != nil {
			return outcome{reason: "notice.reason.internal", final: true}
		}
		signatures = append(signatures, signature)
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "User-Agent": "Segue", headerID: mark,
		headerTime: strconv.FormatInt(at.Unix(), 10), headerSignature: strings.Join(signatures, " ")} {
		request.Header.Set(name, value)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return ofCall(err)
	}
	_, _ = io.CopyN(io.Discard, response.Body, longestAnswer) // what it says, and whether all of it came, changes nothing
	_ = response.Body.Close()
	return ofAnswer(response, at)
}

// newClient makes the client of all hooks. It goes to what the operator allowed, by no proxy, and follows nobody elsewhere.
func newClient(allowed reach.Allowed) *http.Client {
	return &http.Client{
		Timeout:       callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: plainGuard{&http.Transport{
			DisableKeepAlives:      true, // each call is judged by where its name leads now
			MaxResponseHeaderBytes: 16 << 10,
			TLSHandshakeTimeout:    callTimeout,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return allowed.Dial(ctx, "tcp", address, reach.Way{Public: true, Plain: isPlain(ctx)})
			},
		}},
	}
}

type plainKey struct{}

func isPlain(ctx context.Context) bool { plain, _ := ctx.Value(plainKey{}).(bool); return plain }

// plainGuard tells the dialler whether a request goes without TLS.
type plainGuard struct{ next http.RoundTripper }

// RoundTrip makes the request.
func (p plainGuard) RoundTrip(r *http.Request) (*http.Response, error) {
	return p.next.RoundTrip(r.WithContext(context.WithValue(r.Context(), plainKey{}, r.URL.Scheme != "https")))
}

func isCertificate(err error) bool {
	var unsound *tls.CertificateVerificationError
	return errors.As(err, &unsound)
}

// ofCall judges a request without an answer. The error has the whole address, so it is neither kept nor logged.
func ofCall(err error) outcome {
	var refusal *reach.Refusal
	var name *net.DNSError
	var slow net.Error
	switch {
	case errors.As(err, &refusal):
		return outcome{reason: "notice.reason." + string(refusal.Why), final: true}
	case errors.As(err, &name) && name.IsNotFound:
		return outcome{reason: "notice.reason.no_such_host"}
	case isCertificate(err):
		return outcome{reason: "notice.reason.certificate"}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return outcome{reason: "notice.reason.timeout"}
	}
	return outcome{reason: "notice.reason.unreachable"}
}

// ofAnswer judges an answer, as the Standard Webhooks want it: 410 means that nothing more is wanted.
func ofAnswer(response *http.Response, now time.Time) outcome {
	o := outcome{status: response.StatusCode}
	switch code := response.StatusCode; {
	case code >= 200 && code <= 299:
		return outcome{status: code}
	case code == http.StatusGone:
		o.reason, o.final, o.off = "notice.reason.gone", true, true
	case code >= 300 && code <= 399:
		o.reason, o.final = "notice.reason.redirected", true
	case code == http.StatusTooManyRequests, code >= 500, code == http.StatusRequestTimeout, code == http.StatusTooEarly:
		o.reason, o.after = "notice.reason.busy", retryAfter(response.Header.Get("Retry-After"), now)
	default:
		o.reason, o.final = "notice.reason.refused", true
	}
	return o
}

// retryAfter reads how long the receiver asks to wait: seconds or a date. No more than the patience, and 0 for what is neither.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, patience)
	}
	if date, err := http.ParseTime(text); err == nil {
		return min(max(date.Sub(now), 0), patience)
	}
	return 0
}

// checkAddress reads the address of a hook and tells its host.
func (s *Service) checkAddress(text string) (host string, err error) {
	to, err := url.Parse(text)
	if err != nil || len(text) > longestAddress || to.Scheme != "https" && to.Scheme != "http" || to.Hostname() == "" || to.User != nil || to.Opaque != "" || to.Fragment != "" {
		return "", errBadAddress
	}
	port := 443
	if to.Scheme == "http" {
		port = 80
	}
	if given := to.Port(); given != "" {
		if port, err = strconv.Atoi(given); err != nil || port < 1 || port > 65535 {
			return "", errBadAddress
		}
	}
	name := reach.Name(to.Hostname())
	if !reach.IsName(name) && net.ParseIP(name) == nil {
		return "", errBadAddress
	}
	if err := s.allowed.MayResolve(name, port); err != nil {
		return "", err
	}
	if to.Scheme == "http" && !s.allowed.MayPlain(name, port) {
		return "", &reach.Refusal{Why: reach.NotPlain, Host: name, Port: port}
	}
	return net.JoinHostPort(name, fmt.Sprint(port)), nil
}

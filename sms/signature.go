package sms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// SignatureVersion tells which of Plivo's two ways of signing a request bore.
type SignatureVersion string

const (
	// SignatureV2 covers the address without its query, and nothing of what is
	// reported: whoever has seen one request can make others.
	SignatureV2 SignatureVersion = "V2"
	// SignatureV3 covers address, query and form.
	SignatureV3 SignatureVersion = "V3"
)

// ErrSignature is the one answer to a request that the carrier did not sign, or
// not this way. It does not say more: it goes to a stranger.
var ErrSignature = errors.New("sms: the request does not bear the carrier's signature")

// Bounds of what a stranger may send in the headers. Plivo's nonce has 20
// digits and a signature 44 characters; a value may hold several of them.
const (
	maxNonce      = 128
	maxSignatures = 10
)

// SignedRequest is what a signature covers.
type SignedRequest struct {
	Method string
	// URL is the address that was given to the carrier, put together from our
	// settings and never from the request: its Host header is the stranger's.
	URL string
	// Form has the decoded parameters of the body, or for GET those that the
	// carrier added to the address.
	Form url.Values
	// Header gives a header by name, several lines of one name joined by commas.
	Header func(name string) string
}

// Verified is a signature that holds.
type Verified struct {
	Version SignatureVersion
	// Nonce is new for each request. No time is signed, so one who remembers
	// nonces can tell a request that is played back.
	Nonce string
}

// VerifySignature holds a request against the token of the carrier's account.
// Where a header of V3 is there, V3 must hold: falling back to V2 would let
// anybody put new contents under an old signature. Both the signature of the
// (sub)account and the one of the main account (Ma) are tried, since either may
// have been made with the token that we know. An empty token verifies nothing.
func VerifySignature(r SignedRequest, token string) (Verified, error) {
	if token == "" {
		return Verified{}, ErrSignature
	}
	version := SignatureV2
	if r.Header("X-Plivo-Signature-V3") != "" || r.Header("X-Plivo-Signature-Ma-V3") != "" || r.Header("X-Plivo-Signature-V3-Nonce") != "" {
		version = SignatureV3
	}
	nonce := r.Header("X-Plivo-Signature-" + string(version) + "-Nonce")
	if nonce == "" || len(nonce) > maxNonce {
		return Verified{}, ErrSignature
	}
	var want string
	var err error
	if version == SignatureV3 {
		want, err = SignV3(r.Method, r.URL, r.Form, nonce, token)
	} else {
		want, err = SignV2(r.URL, nonce, token)
	}
	if err != nil {
		return Verified{}, ErrSignature
	}
	for _, name := range []string{"X-Plivo-Signature-" + string(version), "X-Plivo-Signature-Ma-" + string(version)} {
		for i, got := range strings.SplitN(r.Header(name), ",", maxSignatures+1) {
			if i < maxSignatures && hmac.Equal([]byte(strings.TrimSpace(got)), []byte(want)) {
				return Verified{Version: version, Nonce: nonce}, nil
			}
		}
	}
	return Verified{}, ErrSignature
}

// SignV2 signs an address: base64 of HMAC-SHA256 over address without query,
// then nonce.
func SignV2(address, nonce, token string) (string, error) {
	base, _, err := splitAddress(address)
	if err != nil {
		return "", err
	}
	return sign(base+nonce, token), nil
}

// SignV3 signs a request. What is signed is, with everything decoded and sorted
// by name and, under one name, by value:
//
//	GET   address ?a=1&b=2 . nonce        query and parameters together
//	POST  address ?a=1&b=2 . c3d4 . nonce query, then form without separators
//
// Where there is no query, "?" stands before the form all the same, and without
// either there is no "?". Plivo's client libraries hold themselves to it in most
// cases only (they lose trailing dots and ampersands), so they are not used.
func SignV3(method, address string, form url.Values, nonce, token string) (string, error) {
	base, query, err := splitAddress(address)
	if err != nil {
		return "", err
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", err
	}
	if method == http.MethodGet {
		for name, more := range form {
			values[name] = append(slices.Clone(values[name]), more...)
		}
		form = nil
	}
	q, b := sorted(values, "=", "&"), sorted(form, "", "")
	switch {
	case q != "" && b != "":
		base += "?" + q + "." + b
	case q != "" || b != "":
		base += "?" + q + b
	}
	return sign(base+"."+nonce, token), nil
}

func sign(message, token string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte(message))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// splitAddress cuts an address into scheme://host[:port]path and query without
// writing either anew: what was given to the carrier is what it signs.
func splitAddress(address string) (base, query string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", "", err
	}
	if u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", "", errors.New("sms: not an address that a carrier can call")
	}
	address, _, _ = strings.Cut(address, "#")
	base, query, _ = strings.Cut(address, "?")
	return base, query, nil
}

func sorted(values url.Values, equals, and string) string {
	if len(values) == 0 {
		return ""
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	var s strings.Builder
	s.Grow(512)
	for _, name := range names {
		list := values[name]
		if len(list) > 1 {
			list = slices.Sorted(slices.Values(list))
		}
		for _, value := range list {
			if s.Len() > 0 {
				s.WriteString(and)
			}
			s.WriteString(name)
			s.WriteString(equals)
			s.WriteString(value)
		}
	}
	return s.String()
}

package sms

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// The addresses that stand in texts, of opt-out pages and of links whose
// openings are counted, end in a token: what it says, and a part of a keyed hash
// over that, in base32. That has letters and digits alone: phones leave a hyphen
// at the end out of what they take for an address.
//
// What a token says is masked by a keyed hash of its last bytes. Addresses are
// passed on, and stand in the logs of whoever is on the way: they must not tell
// whom they were sent to.
const (
	tokenBytes = 15
	tokenChars = 24
)

var tokenAlphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// tokenKind is what tokens are for. One of one kind is none of another.
type tokenKind struct {
	tag, mask string
	body      int // bytes; the others are the hash
}

func (s *Service) keyed(kind string, of []byte) []byte {
	mac := hmac.New(sha256.New, s.LinkKey)
	mac.Write([]byte(kind))
	mac.Write(of)
	return mac.Sum(nil)
}

func (s *Service) tokenTag(k tokenKind, body []byte) []byte {
	return s.keyed(k.tag, body)[:tokenBytes-k.body]
}

// mask masks the body of a token, or takes the mask off.
func (s *Service) mask(k tokenKind, body, tag []byte) {
	subtle.XORBytes(body, body, s.keyed(k.mask, tag)[:k.body])
}

// token makes the token of a code of three bytes, a number, and what else there
// is to say. The same always gives the same.
func (s *Service) token(k tokenKind, code uint32, number string, more ...byte) (string, error) {
	digits, err := strconv.ParseUint(strings.TrimPrefix(number, "+"), 10, 56)
	if err != nil {
		return "", fmt.Errorf("sms: there is no link for this number: %w", err)
	}
	body := make([]byte, 0, tokenBytes)
	body = append(body, binary.BigEndian.AppendUint32(nil, code)[1:]...)
	body = append(body, binary.BigEndian.AppendUint64(nil, digits)[1:]...)
	body = append(body, more...)
	tag := s.tokenTag(k, body)
	s.mask(k, body, tag)
	return tokenAlphabet.EncodeToString(append(body, tag...)), nil
}

// said is what a token says.
type said struct {
	code   uint32
	number string
	more   []byte
}

// readToken reads a token that we made.
func (s *Service) readToken(k tokenKind, token string) (said, bool) {
	raw, ok := tokenRaw(token)
	if !ok {
		return said{}, false
	}
	body, tag := raw[:k.body], raw[k.body:]
	s.mask(k, body, tag)
	if !hmac.Equal(tag, s.tokenTag(k, body)) {
		return said{}, false
	}
	return saidIn(body), true
}

// tokenRaw is the bytes of something that looks like a token.
func tokenRaw(token string) ([]byte, bool) {
	raw, err := tokenAlphabet.DecodeString(token)
	return raw, err == nil && len(token) == tokenChars && len(raw) == tokenBytes
}

func saidIn(body []byte) said {
	return said{
		code:   binary.BigEndian.Uint32(append([]byte{0}, body[:3]...)),
		number: "+" + strconv.FormatUint(binary.BigEndian.Uint64(append([]byte{0}, body[3:10]...)), 10),
		more:   body[10:],
	}
}

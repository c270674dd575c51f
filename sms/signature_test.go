package sms

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestSignaturesV2AreThoseOfPlivo(t *testing.T) {
	for address, want := range map[string]string{
		"https://answer.url":           "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc=",
		"https://answer.url/":          "do1CXv+k99A6+B+eTcyqbxWlezFIxJ/1vz72787r37g=",
		"https://answer.url:8000":      "Gm7Z7AGBmf5JpSHrtUmeofrGyA4xV0ZiV0rH8JPXWGU=",
		"https://answer.url:8000?a=b":  "Gm7Z7AGBmf5JpSHrtUmeofrGyA4xV0ZiV0rH8JPXWGU=", // the query is not covered
		"https://answer.url:8000#here": "Gm7Z7AGBmf5JpSHrtUmeofrGyA4xV0ZiV0rH8JPXWGU=",
	} {
		got, err := SignV2(address, "12345", "my_auth_token")
		if err != nil || got != want {
			t.Errorf("%s: %s %v, want %s", address, got, err, want)
		}
	}
}

// callForm is the form of Plivo's own test of V3, messageForm one like those of
// delivery reports.
var (
	callForm = url.Values{
		"Direction": {"outbound"}, "From": {"19792014278"}, "CallStatus": {"in-progress"}, "BillRate": {"0.002"},
		"ParentAuthID": {"MANWVLYTK4ZWU1YTY4QA"}, "Event": {"StartApp"}, "SessionStart": {"2020-04-08 11:34:33.238707"},
		"ALegUUID": {callID}, "ALegRequestUUID": {callID}, "CallUUID": {callID}, "RequestUUID": {callID},
		"To":       {"sip:PlivoSignature382029104058171078704104@phone-qa.voice.plivodev.com"},
		"SIP-H-To": {"<sip:PlivoSignature382029104058171078704104@52.9.11.55;transport=udp>;tag=1"},
	}
	messageForm = url.Values{
		"MessageUUID": {"5b40a428-bfc7-4daf-9d06-726c558bf3b8"}, "From": {"14150000001"}, "To": {"14150000002"},
		"Status": {"delivered"}, "Units": {"1"}, "ErrorCode": {""}, "TotalRate": {"0.00350"}, "TotalAmount": {"0.00350"},
		"Sequence": {"2"}, "Text": {"Hé & 5 = €"},
	}
)

const (
	callID       = "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36"
	callToken    = "Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4"
	callNonce    = "31627761595286130198"
	callAddress  = "https://plivobin.non-prod.plivops.com/api/v1/validate_signature03.xml"
	messageToken = "MAXXtoken"
	messageNonce = "12345678901234567890"
	messageURL   = "https://app.example.com/webhooks/plivo/dlr"
)

func TestSignaturesV3AreThoseOfPlivo(t *testing.T) {
	for _, c := range []struct {
		method, address string
		form            url.Values
		nonce, token    string
		want            string
	}{
		{"POST", callAddress + "/?a=b&c=d", callForm, callNonce, callToken, "k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c="},
		{"GET", callAddress + "/?a=b&c=d", callForm, callNonce, callToken, "UBq8jAtd32wR8EK9VgxbBn4n5rpI/l1H9iN4WfSEHFQ="},
		{"POST", callAddress, callForm, callNonce, callToken, "iAjE5QqI37mbkYe4w3jTMudqEzbDufdqi7sYwTu64e0="},
		{"GET", callAddress, callForm, callNonce, callToken, "i/MQsaQSAd6fiKhOh2qeeeLHZ9faldADSb3/7+Akfbc="},
		{"POST", messageURL, messageForm, messageNonce, messageToken, "xYv/6ZbhHJT30128RPGXuSuzZu+kQmvubWUIz40/AqQ="},
		{"GET", messageURL, messageForm, messageNonce, messageToken, "TdP9UXTb+vHuoLsbUsQb4AZCJt5ebHF/1+HVyY8RJd4="},
		{"POST", messageURL + "?k=b&c=7", messageForm, messageNonce, messageToken, "tLKidOlS9dL2k1xOxxRE5LjMM4d/SL0gOY+K/4cXsfU="},
		{"GET", messageURL + "?k=b&c=7", messageForm, messageNonce, messageToken, "fMC+qKKOKMBAVhJKCGSzYkKbv5PeacPtz0jqyeTZ/g0="},
		{"POST", messageURL + "?t=a%20b%2Bc", messageForm, messageNonce, messageToken, "mHtea9PuEDyNbIysK7AuiSSubzpT/H+3c8G2jWs0b5g="},
	} {
		got, err := SignV3(c.method, c.address, c.form, c.nonce, c.token)
		if err != nil || got != c.want {
			t.Errorf("%s %s: %s %v, want %s", c.method, c.address, got, err, c.want)
		}
	}
}

func TestRepeatedParametersAreSignedInOrderOfTheirValues(t *testing.T) {
	one, err := SignV3("POST", messageURL+"?a=2&a=1", url.Values{"b": {"2", "1"}}, "1", "t")
	if err != nil || one != sign(messageURL+"?a=1&a=2.b1b2.1", "t") {
		t.Errorf("%s %v", one, err)
	}
	both, err := SignV3("GET", messageURL+"?a=2", url.Values{"a": {"1"}}, "1", "t")
	if err != nil || both != sign(messageURL+"?a=1&a=2.1", "t") {
		t.Errorf("%s %v", both, err)
	}
	none, err := SignV3("POST", messageURL, nil, "1", "t")
	if err != nil || none != sign(messageURL+".1", "t") {
		t.Errorf("%s %v", none, err)
	}
}

// signedHeaders are what a carrier sends that knows the token.
func signedHeaders(t *testing.T, token string) http.Header {
	t.Helper()
	v2, err2 := SignV2(messageURL, messageNonce, token)
	v3, err3 := SignV3("POST", messageURL, messageForm, messageNonce, token)
	if err2 != nil || err3 != nil {
		t.Fatal(err2, err3)
	}
	h := http.Header{}
	for version, signature := range map[string]string{"V2": v2, "V3": v3} {
		h.Set("X-Plivo-Signature-"+version, signature)
		h.Set("X-Plivo-Signature-Ma-"+version, signature)
		h.Set("X-Plivo-Signature-"+version+"-Nonce", messageNonce)
	}
	return h
}

func TestWhichSignaturesHold(t *testing.T) {
	other := sign("somebody else's", "token")
	for _, c := range []struct {
		name   string
		change func(http.Header)
		want   SignatureVersion // empty: refused
	}{
		{"all six", func(h http.Header) {}, SignatureV3},
		{"V2 alone", only("V2"), SignatureV2},
		{"V3 alone", only("V3"), SignatureV3},
		{"only of the main account", func(h http.Header) { h.Set("X-Plivo-Signature-V3", other) }, SignatureV3},
		{"only of the subaccount", func(h http.Header) { h.Set("X-Plivo-Signature-Ma-V3", other) }, SignatureV3},
		{"several at once", func(h http.Header) {
			h.Set("X-Plivo-Signature-V3", other+", "+h.Get("X-Plivo-Signature-V3"))
			h.Del("X-Plivo-Signature-Ma-V3")
		}, SignatureV3},
		{"too many at once", func(h http.Header) {
			h.Set("X-Plivo-Signature-V3", strings.Repeat(other+",", 10)+h.Get("X-Plivo-Signature-V3"))
			h.Del("X-Plivo-Signature-Ma-V3")
		}, ""},
		{"none", func(h http.Header) { clear(h) }, ""},
		{"wrong V3 beside a good V2", func(h http.Header) {
			h.Set("X-Plivo-Signature-V3", other)
			h.Set("X-Plivo-Signature-Ma-V3", other)
		}, ""},
		{"a nonce of V3 beside a good V2", func(h http.Header) {
			only("V2")(h)
			h.Set("X-Plivo-Signature-V3-Nonce", messageNonce)
		}, ""},
		{"V3 without its nonce", func(h http.Header) { h.Del("X-Plivo-Signature-V3-Nonce") }, ""},
		{"another nonce", func(h http.Header) { h.Set("X-Plivo-Signature-V3-Nonce", "1") }, ""},
		{"a nonce without end", func(h http.Header) { h.Set("X-Plivo-Signature-V3-Nonce", strings.Repeat("1", 200)) }, ""},
		{"the signature of V2 for V3", func(h http.Header) {
			h.Set("X-Plivo-Signature-V3", h.Get("X-Plivo-Signature-V2"))
			h.Set("X-Plivo-Signature-Ma-V3", h.Get("X-Plivo-Signature-V2"))
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := signedHeaders(t, messageToken)
			c.change(h)
			v, err := VerifySignature(SignedRequest{"POST", messageURL, messageForm, h.Get}, messageToken)
			if v.Version != c.want || (err == nil) != (c.want != "") {
				t.Fatalf("%+v %v, want %q", v, err, c.want)
			}
			if err == nil && v.Nonce != messageNonce || err != nil && !errors.Is(err, ErrSignature) {
				t.Errorf("%+v %v", v, err)
			}
		})
	}
}

// only keeps the headers of one version.
func only(version string) func(http.Header) {
	return func(h http.Header) {
		for name := range h {
			if !strings.Contains(name, version) {
				h.Del(name)
			}
		}
	}
}

func TestASignatureHoldsForItsRequestOnly(t *testing.T) {
	h := signedHeaders(t, messageToken)
	changed := url.Values{}
	for name, values := range messageForm {
		changed[name] = values
	}
	changed.Set("Status", "failed")
	for name, r := range map[string]SignedRequest{
		"another form":        {"POST", messageURL, changed, h.Get},
		"another address":     {"POST", messageURL + "x", messageForm, h.Get},
		"another host":        {"POST", "https://evil.example.com/webhooks/plivo/dlr", messageForm, h.Get},
		"a query beside":      {"POST", messageURL + "?a=b", messageForm, h.Get},
		"another method":      {"GET", messageURL, messageForm, h.Get},
		"not an address":      {"POST", "://", messageForm, h.Get},
		"a query that is not": {"POST", messageURL + "?%zz", messageForm, h.Get},
	} {
		if v, err := VerifySignature(r, messageToken); err == nil {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if _, err := VerifySignature(SignedRequest{"POST", messageURL, messageForm, h.Get}, "another token"); err == nil {
		t.Error("another account's token verified it")
	}
}

func TestAnEmptyTokenVerifiesNothing(t *testing.T) {
	h := signedHeaders(t, "")
	if v, err := VerifySignature(SignedRequest{"POST", messageURL, messageForm, h.Get}, ""); err == nil {
		t.Errorf("%+v", v)
	}
}

// FuzzVerifySignature: whatever a stranger sends, nothing breaks, and nothing
// holds that was not made with the token.
func FuzzVerifySignature(f *testing.F) {
	f.Add("POST", messageURL, "Status=delivered", "xYv/6ZbhHJT30128RPGXuSuzZu+kQmvubWUIz40/AqQ=", messageNonce)
	f.Add("GET", messageURL+"?a=b&a=%20", "a=c&=&b", ",,,", "1")
	f.Add("", "http://h?%", "a;b", "", "")
	f.Fuzz(func(t *testing.T, method, address, body, signature, nonce string) {
		form, _ := url.ParseQuery(body)
		h := func(name string) string {
			if strings.HasSuffix(name, "Nonce") {
				return nonce
			}
			return signature
		}
		if v, err := VerifySignature(SignedRequest{method, address, form, h}, "a token that nobody knows"); err == nil {
			t.Fatalf("%+v", v)
		}
		good, err := SignV3(method, address, form, nonce, "k")
		if err != nil || nonce == "" || len(nonce) > maxNonce {
			return
		}
		h = func(name string) string {
			switch name {
			case "X-Plivo-Signature-V3":
				return good
			case "X-Plivo-Signature-V3-Nonce":
				return nonce
			}
			return ""
		}
		if _, err := VerifySignature(SignedRequest{method, address, form, h}, "k"); err != nil {
			t.Fatal("a good signature was refused")
		}
	})
}

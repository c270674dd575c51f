package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// breaking is an operator whose backup ends early when it has an error.
type breaking struct {
	operator
	err error
}

func (b breaking) Backup(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, strings.Repeat("x", 1<<20))
	return errors.Join(err, b.err)
}

// full is a disk that is.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestABackupThatBreaksOffSaysOnWhichSide(t *testing.T) {
	for name, c := range map[string]struct {
		server error
		to     io.Writer
		want   string
		not    string
	}{
		"the server":   {errors.New("a damaged page"), io.Discard, "the server broke off", "no space"},
		"our own disk": {nil, full{}, "no space left on device", "the server"},
		"neither":      {nil, io.Discard, "", ""},
	} {
		s := httptest.NewServer(socketHandler(breaking{err: c.server}))
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", s.Listener.Addr().String())
		}
		err := (&serverClient{&http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}).Backup(t.Context(), c.to)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), c.not)):
			t.Errorf("%s: got %v", name, err)
		}
		s.Close()
	}
}

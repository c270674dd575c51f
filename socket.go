package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// longestSocket is how long a socket's path may be: a unix address holds 108
// bytes on Linux and 104 elsewhere.
const longestSocket = 100

// socketPath is where the server of a data folder listens for the command
// line. When the path is too long for a socket it lies in a folder under the
// temporary one that is named after the data folder, and is its owner's alone.
func socketPath(folder string) (path, private string, err error) {
	abs, err := filepath.Abs(folder)
	if err != nil {
		return "", "", err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	path = filepath.Join(abs, socketFile)
	if len(path) <= longestSocket {
		return path, "", nil
	}
	sum := sha256.Sum256([]byte(abs))
	private = filepath.Join(os.TempDir(), fmt.Sprintf("campaigns-%d-%s", os.Getuid(), hex.EncodeToString(sum[:8])))
	path = filepath.Join(private, "sock")
	if len(path) > longestSocket {
		return "", "", fmt.Errorf("the path of the data folder is too long, and so is that of the temporary folder: set TMPDIR to a shorter one")
	}
	return path, private, nil
}

// listenSocket opens the socket of a data folder whose lock we hold: one that
// is there already was left behind by a process that died.
func listenSocket(folder string) (net.Listener, error) {
	path, private, err := socketPath(folder)
	if err != nil {
		return nil, err
	}
	if private != "" {
		if err := os.Mkdir(private, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, fmt.Errorf("cannot make a folder for the command socket: %w", err)
		}
		if err := onlyOurs(private); err != nil {
			return nil, err
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot remove the command socket of an earlier run: %w", err)
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the command socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return ln, nil
}

// onlyOurs refuses a folder that somebody else made in our place, or may look
// into.
func onlyOurs(folder string) error {
	info, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !ownedByUs(info) {
		return fmt.Errorf("the folder %s is not ours alone: remove it, or set TMPDIR to a folder of your own", folder)
	}
	return nil
}

// The paths of the socket's protocol, JSON over HTTP.
const (
	pathSetup    = "/setup"
	pathPlan     = "/plan"
	pathPassword = "/password"
	pathBackup   = "/backup"
	pathCheck    = "/check"
)

// socketHandler serves an operator to the command line. Who can open the
// socket could read the data folder as well, so nobody is asked who they are.
func socketHandler(o operator) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pathSetup, call(o.Setup))
	mux.HandleFunc("POST "+pathPlan, call(o.Plan))
	mux.HandleFunc("POST "+pathPassword, call(func(ctx context.Context, in passwordRequest) (struct{}, error) {
		return struct{}{}, o.Password(ctx, in)
	}))
	mux.HandleFunc("POST "+pathCheck, call(func(ctx context.Context, _ struct{}) (checkAnswer, error) { return o.Check(ctx) }))
	mux.HandleFunc("POST "+pathBackup, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/zip")
		if err := o.Backup(r.Context(), w); err != nil {
			panic(http.ErrAbortHandler) // the reader sees that the stream broke off
		}
	})
	return mux
}

func call[In, Out any](fn func(context.Context, In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		out, err := fn(r.Context(), in)
		if err != nil {
			refuse(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out) // the caller has gone: it will ask again
	}
}

// refusal carries an error over the socket whole, so that the command line
// says the same whether the server runs or not.
type refusal struct {
	Kind   liadesk.Kind         `json:"kind"`
	Code   string               `json:"code"`
	Text   string               `json:"text"`
	Fields []liadesk.FieldError `json:"fields,omitempty"`
}

func refuse(w http.ResponseWriter, err error) {
	r := refusal{Text: err.Error()}
	if e, ok := errors.AsType[*liadesk.Error](err); ok {
		r = refusal{e.Kind, e.Code, e.Text, e.Fields}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnprocessableEntity)
	_ = json.NewEncoder(w).Encode(r)
}

// serverClient is an operator that asks a running server.
type serverClient struct{ http *http.Client }

// dialServer finds the server that has a folder open.
func dialServer(ctx context.Context, folder string) (*serverClient, error) {
	path, private, err := socketPath(folder)
	if err != nil {
		return nil, err
	}
	if private != "" {
		if err := onlyOurs(private); err != nil {
			return nil, err
		}
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", path)
	}
	conn, err := dial(ctx, "", "")
	if err != nil {
		return nil, err
	}
	return &serverClient{&http.Client{Transport: &http.Transport{DialContext: dial}}}, conn.Close()
}

func (c *serverClient) ask(ctx context.Context, path string, in any) (io.ReadCloser, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://server"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the server did not answer: %w", err)
	}
	if res.StatusCode == http.StatusOK {
		return res.Body, nil
	}
	defer res.Body.Close()
	var r refusal
	if err := json.NewDecoder(res.Body).Decode(&r); err != nil {
		return nil, fmt.Errorf("the server answered %s", res.Status)
	}
	return nil, &liadesk.Error{Kind: r.Kind, Code: r.Code, Text: r.Text, Fields: r.Fields}
}

func ask[Out any](ctx context.Context, c *serverClient, path string, in any) (out Out, err error) {
	body, err := c.ask(ctx, path, in)
	if err != nil {
		return out, err
	}
	defer body.Close()
	return out, json.NewDecoder(body).Decode(&out)
}

func (c *serverClient) Setup(ctx context.Context, in setupRequest) (setupAnswer, error) {
	return ask[setupAnswer](ctx, c, pathSetup, in)
}

func (c *serverClient) Plan(ctx context.Context, in planRequest) (planAnswer, error) {
	return ask[planAnswer](ctx, c, pathPlan, in)
}

func (c *serverClient) Password(ctx context.Context, in passwordRequest) error {
	_, err := ask[struct{}](ctx, c, pathPassword, in)
	return err
}

func (c *serverClient) Check(ctx context.Context) (checkAnswer, error) {
	return ask[checkAnswer](ctx, c, pathCheck, struct{}{})
}

func (c *serverClient) Backup(ctx context.Context, w io.Writer) error {
	body, err := c.ask(ctx, pathBackup, struct{}{})
	if err != nil {
		return err
	}
	defer body.Close()
	target := &faultyWriter{w: w}
	_, err = io.Copy(target, body)
	if err != nil && target.err == nil {
		return fmt.Errorf("the server broke off: its log says why: %w", err)
	}
	return err
}

// faultyWriter remembers that it was the writing that failed.
type faultyWriter struct {
	w   io.Writer
	err error
}

func (f *faultyWriter) Write(p []byte) (n int, err error) {
	n, f.err = f.w.Write(p)
	return n, f.err
}

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary builds the program once for all tests, with the race detector where
// there is a C compiler for it; plain builds it as operators have it, for what
// measures.
var (
	binary = sync.OnceValues(func() (string, error) { return build(cgo()) })
	plain  = sync.OnceValues(func() (string, error) { return build(false) })
)

func build(race bool) (string, error) {
	folder, err := os.MkdirTemp("", "campaigns-e2e-*")
	if err != nil {
		return "", err
	}
	built = append(built, folder)
	path := filepath.Join(folder, "campaigns")
	args := []string{"build"}
	if race {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "-o", path, ".")...)
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return path, nil
}

// built are the folders of the programs that were asked for.
var built []string

func cgo() bool {
	out, err := exec.Command("go", "env", "CGO_ENABLED").Output()
	return err == nil && strings.TrimSpace(string(out)) == "1" && runtime.GOOS == "linux"
}

func TestMain(m *testing.M) {
	code := m.Run()
	closeBrowser()
	for _, folder := range built {
		_ = os.RemoveAll(folder)
	}
	os.Exit(code)
}

// patience bounds every wait of these tests. It is far more than anything
// takes; what it guards against is waiting for ever.
const patience = 90 * time.Second

// installation is a data folder with what the binary is told about it.
type installation struct {
	t    testing.TB
	path string
	data string
	addr string // kept over restarts: another address holds the sending
	url  string
	env  []string
}

// install prepares an installation that nobody has started yet. Env adds
// settings.
func install(t testing.TB, env ...string) *installation {
	t.Helper()
	return installed(t, binary, env)
}

func installed(t testing.TB, program func() (string, error), env []string) *installation {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	addr := freeAddr(t)
	return &installation{t: t, path: path, data: filepath.Join(t.TempDir(), "data"), addr: addr, url: "http://" + addr, env: env}
}

func freeAddr(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := ln.Close(); err != nil {
			t.Error(err)
		}
	}()
	return ln.Addr().String()
}

func (i *installation) command(args ...string) *exec.Cmd {
	cmd := exec.Command(i.path, args...)
	cmd.Env = append(append(os.Environ(), "CAMPAIGNS_DATA="+i.data, "CAMPAIGNS_ADDR="+i.addr), i.env...)
	return cmd
}

// must runs a command to its end and returns its standard output.
func (i *installation) must(stdin string, args ...string) string {
	i.t.Helper()
	cmd := i.command(args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		i.t.Fatalf("campaigns %s: %v: %s", strings.Join(args, " "), err, errOut.String())
	}
	return out.String()
}

// account is what setup prints.
type account struct {
	AccountID string `json:"account_id"`
	UserID    string `json:"user_id"`
	Token     string `json:"api_token"`
	email     string
}

const password = "correct horse battery"

// setup makes an account by the command line.
func (i *installation) setup(name, email string) account {
	i.t.Helper()
	out := i.must(password+"\n", "setup", "--account", name, "--plan", "growth", "--email", email, "--password-stdin",
		"--region", "US", "--time-zone", "America/New_York")
	a := account{email: email}
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		i.t.Fatalf("setup printed %q: %v", out, err)
	}
	return a
}

// process is a running server.
type process struct {
	*installation
	cmd  *exec.Cmd
	done chan error
	said *output
}

// output gathers what a process prints.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) add(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.WriteString(line + "\n")
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start runs the server and waits until it can serve. It is killed at the end
// of the test if it still runs.
func (i *installation) start(command string) *process {
	i.t.Helper()
	p := &process{installation: i, cmd: i.command(command), done: make(chan error, 1), said: &output{}}
	r, w := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if err := p.cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	go func() {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			p.said.add(lines.Text())
		}
	}()
	go func() {
		err := p.cmd.Wait()
		_ = w.Close() // never fails
		p.done <- err
		close(p.done)
	}()
	i.t.Cleanup(func() {
		p.kill()
		if strings.Contains(p.said.String(), "DATA RACE") || i.t.Failed() {
			i.t.Logf("the server said:\n%s", p.said)
		}
		if strings.Contains(p.said.String(), "DATA RACE") {
			i.t.Error("the server has a data race")
		}
	})
	p.await("the server to be ready", func() bool {
		select {
		case err := <-p.done:
			i.t.Fatalf("the server ended at once: %v\n%s", err, p.said)
		default:
		}
		resp, err := http.Get(i.url + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return p
}

// kill ends the server as a loss of power does.
func (p *process) kill() {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("killing the server: %v", err)
	}
	<-p.done
}

// end asks the server to stop and gives what it ends with.
func (p *process) end() error {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case err := <-p.done:
		return err
	case <-time.After(patience):
		p.t.Fatalf("the server does not stop\n%s", p.said)
		return nil
	}
}

// stop ends the server as an operator does.
func (p *process) stop() {
	p.t.Helper()
	if err := p.end(); err != nil {
		p.t.Fatalf("the server ended with %v\n%s", err, p.said)
	}
}

// match waits for a line of output and returns its groups.
func (p *process) match(pattern string) []string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	var found []string
	p.await("the server to say "+pattern, func() bool {
		found = re.FindStringSubmatch(p.said.String())
		return found != nil
	})
	return found
}

// await waits until something holds. It looks again and again, because what is
// waited for happens in another process.
func (p *process) await(what string, holds func() bool) {
	p.t.Helper()
	await(p.t, what, holds)
}

func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	look := time.NewTicker(25 * time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited %s in vain for %s", patience, what)
		case <-look.C:
		}
	}
}

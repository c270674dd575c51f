package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/liadesk/campaigns/accounts"
)

// binary builds the program once for all tests of this package.
var binary = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "campaigns-test-*")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "campaigns")
	out, err := exec.Command("go", "build", "-ldflags", "-X main.buildVersion=1.2.3", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", &buildError{string(out)}
	}
	return path, nil
})

type buildError struct{ out string }

func (e *buildError) Error() string { return e.out }

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// program is the built binary on one data folder.
type program struct {
	t    *testing.T
	path string
	data string
	env  []string
}

func newProgram(t *testing.T) *program {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return &program{t: t, path: path, data: filepath.Join(t.TempDir(), "data")}
}

func (p *program) command(args ...string) *exec.Cmd {
	cmd := exec.Command(p.path, args...)
	cmd.Env = append(append(os.Environ(), "CAMPAIGNS_DATA="+p.data, "CAMPAIGNS_ADDR=127.0.0.1:0"), p.env...)
	return cmd
}

// run ends with the command's standard output, standard error and status.
func (p *program) run(stdin string, args ...string) (out, errOut string, ok bool) {
	p.t.Helper()
	cmd := p.command(args...)
	cmd.Stdin = strings.NewReader(stdin)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	return o.String(), e.String(), err == nil
}

func (p *program) must(stdin string, args ...string) string {
	p.t.Helper()
	out, errOut, ok := p.run(stdin, args...)
	if !ok {
		p.t.Fatalf("campaigns %s: %s", strings.Join(args, " "), errOut)
	}
	return out
}

func (p *program) setup(email string) (id, token string) {
	p.t.Helper()
	var made struct {
		AccountID string `json:"account_id"`
		UserID    string `json:"user_id"`
		APIToken  string `json:"api_token"`
	}
	out := p.must("a good password\n", "setup", "--account", "Acme", "--plan", "growth", "--email", email, "--password-stdin",
		"--region", "BR", "--time-zone", "America/Sao_Paulo")
	if err := json.Unmarshal([]byte(out), &made); err != nil || made.AccountID == "" || made.UserID == "" || made.APIToken == "" {
		p.t.Fatalf("setup printed %q, %v", out, err)
	}
	return made.AccountID, made.APIToken
}

// running is a server that was started.
type running struct {
	cmd   *exec.Cmd
	url   string
	greet string
}

var addressInGreeting = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// start runs the server until the line with its address, and stops it at the
// end of the test at the latest.
func (p *program) start(args ...string) *running {
	p.t.Helper()
	return p.startUntil(addressInGreeting, args...)
}

// startUntil runs the server until it has greeted with what the test needs.
func (p *program) startUntil(greeting *regexp.Regexp, args ...string) *running {
	p.t.Helper()
	cmd := p.command(args...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	r := &running{cmd: cmd}
	lines := bufio.NewScanner(stdout)
	for !greeting.MatchString(r.greet) && lines.Scan() {
		r.greet += lines.Text() + "\n"
	}
	r.url = addressInGreeting.FindString(r.greet)
	if !greeting.MatchString(r.greet) {
		_ = cmd.Wait()
		p.t.Fatalf("the server did not start: %s", log.String())
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	p.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return r
}

func (p *program) stop(r *running) {
	p.t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := r.cmd.Wait(); err != nil {
		p.t.Errorf("the server ended with %v", err)
	}
}

func status(t *testing.T, address, token string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func TestCommandsWorkWhetherTheServerRunsOrNot(t *testing.T) {
	p := newProgram(t)
	id, _ := p.setup("ana@acme.example")
	for _, name := range []string{"with nobody there", "through the socket"} {
		t.Run(name, func(t *testing.T) {
			p.t = t
			if name == "through the socket" {
				r := p.start("serve")
				defer p.stop(r)
				p.setup("beto@acme.example")
				if info, err := os.Stat(filepath.Join(p.data, socketFile)); err != nil || info.Mode().Perm() != 0o600 {
					t.Error("the socket:", info, err)
				}
			}
			if out := p.must("", "plan", id, "free"); !strings.Contains(out, "Acme is on the plan free") {
				t.Error(out)
			}
			p.must("another password\n", "password", "ana@acme.example", "--password-stdin")
			if out := p.must("", "check"); !strings.Contains(out, "sound") {
				t.Error(out)
			}
			file := filepath.Join(t.TempDir(), "backup.zip")
			p.must("", "backup", file)
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Error("the backup:", info, err)
			}
			z, err := zip.OpenReader(file)
			if err != nil {
				t.Fatal(err)
			}
			defer z.Close()
			if len(z.File) != 3 {
				t.Errorf("%d parts in the backup, want 3", len(z.File))
			}
			for want, args := range map[string][]string{
				"no account with this id":   {"plan", "0", "free"},
				"--plan must be free":       {"plan", id, "gold"},
				"nobody signs in with":      {"password", "nobody@acme.example", "--password-stdin"},
				"the password is too short": {"password", "ana@acme.example", "--password-stdin"},
				"--email belongs to":        {"setup", "--account", "B", "--plan", "free", "--email", "ana@acme.example", "--password-stdin"},
			} {
				stdin := "long enough\n"
				if strings.Contains(want, "short") {
					stdin = "short\n"
				}
				if _, errOut, ok := p.run(stdin, args...); ok || !strings.Contains(errOut, want) {
					t.Errorf("%v: %q, want %q", args, errOut, want)
				}
			}
		})
	}
}

func TestVersionAndHelpNeedNoData(t *testing.T) {
	p := newProgram(t)
	if out := p.must("", "version"); out != "campaigns 1.2.3\n" {
		t.Errorf("version printed %q", out)
	}
	for _, args := range [][]string{{"--help"}, {}} {
		if out := p.must("", args...); !strings.Contains(out, "restore") || !strings.Contains(out, "CAMPAIGNS_TRUSTED_PROXIES") {
			t.Errorf("help: %s", out)
		}
	}
	if _, err := os.Stat(p.data); !os.IsNotExist(err) {
		t.Error("a data folder was made:", err)
	}
}

func TestSettingsThatMakeNoSenseStopTheStartWithOneSentence(t *testing.T) {
	p := newProgram(t)
	for want, args := range map[string][]string{
		"write it as host and port":                {"--addr", "3000"},
		"its port must be a number":                {"--addr", "127.0.0.1:http"},
		"CAMPAIGNS_URL (--url) is":                 {"--url", "desk.example.com"},
		"must end after the host":                  {"--url", "https://desk.example.com/app"},
		"write networks like 10.0.0.0/8":           {"--trusted-proxies", "10.0.0.0/8,proxy"},
		"CAMPAIGNS_PLIVO_URL (--plivo-url) is":     {"--plivo-url", "ftp://carrier.example"},
		"cannot both be on":                        {"--plivo-url", "http://127.0.0.1:9", "--sandbox"},
		"which address e-mails come from":          {"--smtp-url", "smtp://desk:secret@mail.example.com"},
		"choose 1 to 4096":                         {"--send-workers", "0"},
		"choose text or json":                      {"--log", "xml"},
		"CAMPAIGNS_SANDBOX (--sandbox) is \"may\"": {"--sandbox=may"},
		"CAMPAIGNS_DATA (--data) is empty":         {"--data", " "},
		"cannot make the data folder":              {"--data", "/dev/null/x"},
	} {
		_, errOut, ok := p.run("", append([]string{"serve"}, args...)...)
		if ok || !strings.Contains(errOut, want) || strings.Count(strings.TrimSpace(errOut), "\n") > 0 {
			t.Errorf("%v: %q, want one sentence with %q", args, errOut, want)
		}
	}
	if _, errOut, ok := p.run("", "plan", "x", "free"); ok || !strings.Contains(errOut, "no database in") {
		t.Errorf("a command on a folder without a database: %q", errOut)
	}
}

func TestSwitchesAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]bool{"on": true, "off": false, "true": true, "0": false} {
		s := parseSettings(t, "--sandbox="+text)
		if !s.Sandbox.given || s.Sandbox.on != want {
			t.Errorf("--sandbox=%s is read as %+v", text, s.Sandbox)
		}
	}
	if s := parseSettings(t, "--sandbox"); !s.Sandbox.on {
		t.Error("--sandbox alone is off")
	}
	t.Setenv("CAMPAIGNS_SANDBOX", "off")
	c, err := parseSettings(t).check(true)
	if err != nil || c.sandbox {
		t.Error("the environment does not switch the demo's sandbox off:", err)
	}
}

func TestAnEmptyFolderGetsAOneUseLink(t *testing.T) {
	p := newProgram(t)
	r := p.start("serve")
	link := regexp.MustCompile(`http://\S+/setup\?link=\S+`).FindString(r.greet)
	if link == "" {
		t.Fatalf("greeted with %q", r.greet)
	}
	if got := status(t, link, ""); got != http.StatusOK {
		t.Errorf("the link answers %d", got)
	}
	if got := status(t, r.url+"/setup?link=wrong", ""); got != http.StatusNotFound {
		t.Errorf("a wrong link answers %d", got)
	}
	p.setup("ana@acme.example")
	if got := status(t, link, ""); got != http.StatusNotFound {
		t.Errorf("the link answers %d once there is an account", got)
	}
	p.stop(r)
	if again := p.start("serve"); strings.Contains(again.greet, "setup") {
		t.Errorf("an installation with an account greets with %q", again.greet)
	}
}

func TestRestoreBringsBackWhatWasThereAndHoldsSending(t *testing.T) {
	p := newProgram(t)
	_, token := p.setup("ana@acme.example")
	file := filepath.Join(t.TempDir(), "backup.zip")
	p.must("", "backup", file)
	_, later := p.setup("late@acme.example")

	r := p.start("serve")
	if _, errOut, ok := p.run("", "restore", file); ok || !strings.Contains(errOut, "server is running") {
		t.Errorf("restore beside a running server: %q", errOut)
	}
	p.stop(r)

	if out := p.must("", "restore", file); !strings.Contains(out, "Sending is held") || !strings.Contains(out, ".before-restore-") {
		t.Error(out)
	}
	if out := p.must("", "check"); !strings.Contains(out, "Sending is held (restored)") {
		t.Error(out)
	}
	r = p.startUntil(regexp.MustCompile(`No texts go out yet, because this database came from a backup[^\n]*\n.*/campaigns/sms/release`), "serve")
	if got := status(t, r.url+"/api/v1/settings", token); got != http.StatusOK {
		t.Errorf("a token of before the backup: %d", got)
	}
	if got := status(t, r.url+"/api/v1/settings", later); got != http.StatusUnauthorized {
		t.Errorf("a token of after the backup: %d", got)
	}
	p.stop(r)

	// On another machine: an empty folder, and the same key.
	other := newProgram(t)
	other.must("", "restore", file)
	a, err := os.ReadFile(filepath.Join(p.data, accounts.SecretsFile))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(other.data, accounts.SecretsFile))
	if err != nil || !bytes.Equal(a, b) {
		t.Error("the key did not come with the backup:", err)
	}
}

func TestADamagedBackupChangesNothing(t *testing.T) {
	p := newProgram(t)
	p.setup("ana@acme.example")
	file := filepath.Join(t.TempDir(), "backup.zip")
	p.must("", "backup", file)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(p.data, databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 0x55
	for name, content := range map[string][]byte{"cut short": whole[:len(whole)-100], "flipped": flipped, "another file": []byte("hello"), "empty": nil} {
		t.Run(name, func(t *testing.T) {
			p.t = t
			bad := filepath.Join(t.TempDir(), "bad.zip")
			if err := os.WriteFile(bad, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, errOut, ok := p.run("", "restore", bad); ok {
				t.Error("it was restored")
			} else if !strings.Contains(errOut, "bad.zip") {
				t.Errorf("%q does not name the file", errOut)
			}
			after, err := os.ReadFile(filepath.Join(p.data, databaseFile))
			if err != nil || !bytes.Equal(before, after) {
				t.Error("the database changed:", err)
			}
			names, err := os.ReadDir(p.data)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range names {
				if strings.Contains(n.Name(), "restore") {
					t.Errorf("%s was left behind", n.Name())
				}
			}
		})
	}
}

func TestASecondServerAndAStaleSocket(t *testing.T) {
	p := newProgram(t)
	r := p.start("serve")
	if _, errOut, ok := p.run("", "serve"); ok || !strings.Contains(errOut, "in use") {
		t.Errorf("a second server: %q", errOut)
	}
	if err := r.cmd.Process.Kill(); err != nil { // as in a loss of power: the socket stays
		t.Fatal(err)
	}
	_ = r.cmd.Wait()
	if _, err := os.Stat(filepath.Join(p.data, socketFile)); err != nil {
		t.Fatal("the test needs the stale socket:", err)
	}
	p.setup("ana@acme.example") // a dead socket hinders nobody
	r = p.start("serve")
	p.must("", "check")
	p.stop(r)
}

func TestALongPathOfTheDataFolderMovesTheSocket(t *testing.T) {
	p := newProgram(t)
	temp, err := os.MkdirTemp("/tmp", "c")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	p.env = []string{"TMPDIR=" + temp}
	p.data = filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	r := p.start("serve")
	p.setup("ana@acme.example")
	folders, err := filepath.Glob(filepath.Join(temp, "campaigns-*"))
	if err != nil || len(folders) != 1 {
		t.Fatal(folders, err)
	}
	if info, err := os.Stat(folders[0]); err != nil || info.Mode().Perm() != 0o700 {
		t.Error("the folder of the socket:", info, err)
	}
	p.stop(r)
	if err := os.Chmod(folders[0], 0o755); err != nil {
		t.Fatal(err)
	}
	if _, errOut, ok := p.run("", "serve"); ok || !strings.Contains(errOut, "not ours alone") {
		t.Errorf("a folder others may look into: %q", errOut)
	}
}

func TestAnotherPublicAddressHoldsSending(t *testing.T) {
	p := newProgram(t)
	p.setup("ana@acme.example")
	for _, c := range []struct{ url, want string }{
		{"https://desk.example.com", ""}, {"https://desk.example.com/", ""}, {"https://new.example.com", "held (address)"},
	} {
		cmd := p.command("serve", "--url", c.url)
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stdout)
		if !lines.Scan() {
			t.Error("no greeting")
		}
		if c.want != "" && (!lines.Scan() || !strings.Contains(lines.Text(), "No texts go out yet, because it last ran under https://desk.example.com.")) {
			t.Errorf("greeted with %q", lines.Text())
		}
		p.stop(&running{cmd: cmd})
		if out := p.must("", "check"); strings.Contains(out, "held") != (c.want != "") || !strings.Contains(out, c.want) {
			t.Errorf("under %s: %s", c.url, out)
		}
	}
}

func TestTheDemoSignsInAtEveryStart(t *testing.T) {
	p := newProgram(t)
	signIn := regexp.MustCompile(`Sign in as \S+ with the password \S+`)
	r := p.startUntil(signIn, "demo")
	first := signIn.FindString(r.greet)
	p.stop(r)
	r = p.startUntil(signIn, "demo")
	if second := signIn.FindString(r.greet); first == "" || second != first {
		t.Errorf("printed %q, then %q", first, second)
	}
	p.stop(r)
}

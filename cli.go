package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/liadesk/campaigns/liadesk"
)

// cli are the commands. Its flags stand before or after a command.
type cli struct {
	settings

	Serve    serveCommand    `cmd:"" help:"Run the server. In an empty folder it prints a one-use link where account and administrator are made."`
	Demo     demoCommand     `cmd:"" help:"Run the server with a seeded account, in an empty data folder, and the sandbox carrier."`
	Setup    setupCommand    `cmd:"" help:"Make an account with its administrator and an API token."`
	Plan     planCommand     `cmd:"" help:"Change an account's plan."`
	Password passwordCommand `cmd:"" help:"Set the password of whoever signs in with an e-mail address. Ends their sessions."`
	Backup   backupCommand   `cmd:"" help:"Write the database and the secrets key to one file, mode 0600."`
	Restore  restoreCommand  `cmd:"" help:"Put a backup in place of the data. Refused while the server runs; sending starts held."`
	Check    checkCommand    `cmd:"" help:"Look whether the database holds together."`
	Version  versionCommand  `cmd:"" help:"Say which version this is."`
}

// terminal is what a command talks to.
type terminal struct {
	ctx      context.Context
	in       io.Reader
	out, err io.Writer
	settings settings
}

// run does what the arguments ask for and returns the process's exit status.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	var c cli
	parser, err := kong.New(&c,
		kong.Name("campaigns"),
		kong.Description("LiaDesk Campaigns: live chat and SMS campaigns on your own machine."),
		kong.Vars{"plivo": plivoURL},
		kong.Writers(out, errOut),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(code int) { panic(exit(code)) }),
	)
	if err != nil {
		panic(err) // the commands above are wrong: every test shows it
	}
	code, err := parse(parser, args, &terminal{ctx: ctx, in: in, out: out, err: errOut}, &c)
	if err != nil {
		fmt.Fprintln(errOut, "campaigns:", sentence(err))
		return 1
	}
	return code
}

// exit is how --help ends the parser.
type exit int

func parse(parser *kong.Kong, args []string, t *terminal, c *cli) (code int, err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exit:
			code, err = int(e), nil
		default:
			panic(e)
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		return 1, err
	}
	t.settings = c.settings
	return 0, command.Run(t)
}

// sentence writes an error for people at a terminal: an error of input with
// its fields as the flags are called.
func sentence(err error) string {
	e, ok := errors.AsType[*liadesk.Error](err)
	if !ok || len(e.Fields) == 0 {
		return err.Error()
	}
	var parts []string
	for _, f := range e.Fields {
		name := "--" + strings.ReplaceAll(f.Field, "_", "-")
		text := map[string]string{
			"required": "is missing", "too_long": "is too long", "too_short": "is too short: use at least 8 characters",
			"taken": "belongs to somebody else already", "not_an_email": "is no e-mail address",
			"unknown_plan":   "must be free, essentials, growth or enterprise",
			"unknown_region": "must be a country of two letters, like BR", "unknown_zone": "must be a time zone, like America/Sao_Paulo",
			"same_as_email": "must not be the e-mail address",
		}[f.Code]
		if text == "" {
			text = "is not right (" + f.Code + ")"
		}
		if f.Field == "password" {
			name = "the password"
		}
		parts = append(parts, name+" "+text)
	}
	return strings.Join(parts, "; ")
}

// version is that of the build: set by the linker, else what the Go tool
// knows of the checkout.
func version() string {
	if buildVersion != "" {
		return buildVersion
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "dev-" + s.Value[:12]
		}
	}
	return "dev"
}

// buildVersion is set with -ldflags "-X main.buildVersion=…".
var buildVersion string

type serveCommand struct{}

func (serveCommand) Run(t *terminal) error { return t.serve(false) }

type demoCommand struct{}

func (demoCommand) Run(t *terminal) error { return t.serve(true) }

// operate finds who does the work, does it, and lets go of the folder.
func (t *terminal) operate(create bool, fn func(operator) error) error {
	if strings.TrimSpace(t.settings.Data) == "" {
		return errors.New("CAMPAIGNS_DATA (--data) is empty: name a folder, like ./data")
	}
	log, err := t.settings.logger(t.err)
	if err != nil {
		return err
	}
	o, done, err := connect(t.ctx, t.settings.Data, create, log)
	if err != nil {
		return err
	}
	return errors.Join(fn(o), done())
}

// readPassword takes the first line of the standard input, without its end.
func (t *terminal) readPassword(wanted bool) (string, error) {
	if !wanted {
		return "", errors.New("say --password-stdin and give the password on the standard input, so that it stands in no list of processes")
	}
	text, err := bufio.NewReader(io.LimitReader(t.in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	text = strings.TrimRight(text, "\r\n")
	if text == "" {
		return "", errors.New("the standard input holds no password")
	}
	return text, nil
}

type setupCommand struct {
	Account       string `required:"" placeholder:"NAME" help:"Name of the organisation."`
	Plan          string `required:"" placeholder:"PLAN" help:"free, essentials, growth or enterprise."`
	Email         string `required:"" placeholder:"E" help:"E-mail address of the administrator."`
	Name          string `placeholder:"NAME" help:"Name of the administrator (from the e-mail address)."`
	PasswordStdin bool   `name:"password-stdin" help:"Read the password from the standard input."`
	Region        string `placeholder:"BR" help:"Country of numbers written without one."`
	TimeZone      string `placeholder:"ZONE" help:"Time zone of the team, like America/Sao_Paulo (UTC)."`
}

func (c setupCommand) Run(t *terminal) error {
	password, err := t.readPassword(c.PasswordStdin)
	if err != nil {
		return err
	}
	return t.operate(true, func(o operator) error {
		made, err := o.Setup(t.ctx, setupRequest{Account: c.Account, Plan: c.Plan, Email: c.Email, Name: c.Name,
			Password: password, Region: c.Region, TimeZone: c.TimeZone})
		if err != nil {
			return err
		}
		return json.NewEncoder(t.out).Encode(made)
	})
}

type planCommand struct {
	AccountID string `arg:"" name:"account-id" help:"The account's id, as setup printed it."`
	Plan      string `arg:"" help:"free, essentials, growth or enterprise."`
}

func (c planCommand) Run(t *terminal) error {
	return t.operate(false, func(o operator) error {
		a, err := o.Plan(t.ctx, planRequest(c))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(t.out, "%s is on the plan %s now.\n", a.Name, a.Plan)
		return err
	})
}

type passwordCommand struct {
	Email         string `arg:"" help:"The address they sign in with."`
	PasswordStdin bool   `name:"password-stdin" help:"Read the password from the standard input."`
}

func (c passwordCommand) Run(t *terminal) error {
	password, err := t.readPassword(c.PasswordStdin)
	if err != nil {
		return err
	}
	return t.operate(false, func(o operator) error {
		if err := o.Password(t.ctx, passwordRequest{c.Email, password}); err != nil {
			return err
		}
		_, err := fmt.Fprintf(t.out, "%s has a new password. All their sessions have ended.\n", c.Email)
		return err
	})
}

type backupCommand struct {
	File string `arg:"" help:"Where to write it."`
}

func (c backupCommand) Run(t *terminal) error {
	return t.operate(false, func(o operator) error {
		if err := writeBackup(t.ctx, o, c.File); err != nil {
			return err
		}
		_, err := fmt.Fprintf(t.out, "The backup is in %s. It holds the secrets key: keep it as safe as the server.\n", c.File)
		return err
	})
}

type restoreCommand struct {
	File string `arg:"" help:"A file that backup wrote."`
}

func (c restoreCommand) Run(t *terminal) error {
	out, err := restore(t.ctx, t.settings.Data, c.File, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "Restored the backup of %s into %s.\n", out.MadeAt.Format(time.RFC3339), filepath.Clean(t.settings.Data))
	if len(out.Kept) > 0 {
		fmt.Fprintf(t.out, "What was there before is kept as %s.\n", out.keptText())
	}
	_, err = fmt.Fprintln(t.out, "Sending is held: texts that went out after the backup are not in it. Look at the SMS campaigns before you let it go on.")
	return err
}

type checkCommand struct{}

func (checkCommand) Run(t *terminal) error {
	return t.operate(false, func(o operator) error {
		out, err := o.Check(t.ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(t.out, "The database is sound: accounts %d, inboxes %d, schema %d, instance %s.\n",
			out.Accounts, out.Inboxes, out.Schema, out.Instance)
		if out.Held != "" {
			_, err = fmt.Fprintf(t.out, "Sending is held (%s).\n", out.Held)
		}
		return err
	})
}

type versionCommand struct{}

func (versionCommand) Run(t *terminal) error {
	_, err := fmt.Fprintln(t.out, "campaigns", version())
	return err
}

// openTerminal is the process's own.
func openTerminal(ctx context.Context) int {
	return run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}

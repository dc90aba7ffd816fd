// Package e2e runs Node programs with the real engine against a host on the loopback: CLI, language host and command
// plugin together.
package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"command/sshtest"
)

const secret = "a-secret-that-nobody-prints"

// project is a Pulumi project in a folder of its own, with a backend of its own.
type project struct {
	*testing.T
	dir  string
	host *sshtest.Server
}

func newProject(t *testing.T, program string) *project {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	modules := filepath.Join(root, "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "@pulumi", "command")); err != nil {
		t.Skip("the npm packages are not installed (npm ci)")
	}
	p := &project{T: t, dir: t.TempDir(), host: sshtest.Start(t)}
	p.write("Pulumi.yaml", "name: e2e\nruntime: {name: nodejs, options: {typescript: false}}\n")
	p.write("package.json", `{"main": "index.js", "dependencies": {"@pulumi/command": "1.2.1"}}`)
	p.write("index.js", program)
	if err := os.Symlink(modules, filepath.Join(p.dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"PULUMI_BACKEND_URL": "file://" + p.dir, "PULUMI_CONFIG_PASSPHRASE": "x", "PULUMI_SKIP_UPDATE_CHECK": "true",
		"PATH":    filepath.Join(modules, ".bin") + ":" + os.Getenv("PATH"),
		"ENGINE":  filepath.Join(root, "engine"),
		"LOG":     filepath.Join(p.dir, "host.log"),
		"PORT":    fmt.Sprint(p.host.Port),
		"KEY":     p.host.PrivateKey,
		"HOSTKEY": p.host.HostKey,
		"SECRET":  secret,
	} {
		t.Setenv(name, value)
	}
	p.pulumi("stack", "init", "e2e")
	return p
}

func (p *project) write(name, text string) {
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
}

func (p *project) command(ctx context.Context, args ...string) *exec.Cmd {
	script := `. "$ENGINE/env.sh" && exec pulumi "$@" --non-interactive`
	cmd := exec.CommandContext(ctx, "bash", append([]string{"-c", script, "pulumi"}, args...)...)
	cmd.Dir = p.dir
	return cmd
}

func (p *project) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // the engine may have to be built first
	defer cancel()
	output, err := p.command(ctx, args...).CombinedOutput()
	return string(output), err
}

func (p *project) pulumi(args ...string) string {
	p.Helper()
	output, err := p.try(args...)
	if err != nil {
		p.Fatalf("pulumi %v: %v\n%s", args, err, output)
	}
	return output
}

// hostLog is what the host saw since it was last asked.
func (p *project) hostLog() string {
	text, _ := os.ReadFile(os.Getenv("LOG"))
	_ = os.Remove(os.Getenv("LOG"))
	return strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", ", ")
}

func (p *project) wantHostLog(want string) {
	p.Helper()
	if got := p.hostLog(); got != want {
		p.Errorf("the host saw %q, want %q", got, want)
	}
}

func wantText(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("there is no %q in\n%s", part, text)
		}
	}
}

const prelude = `
const pulumi = require("@pulumi/pulumi");
const { remote } = require("@pulumi/command");
const config = new pulumi.Config();
const { LOG, PORT, KEY, HOSTKEY, SECRET } = process.env;
const connection = { host: "127.0.0.1", port: Number(PORT), privateKey: KEY, hostKey: HOSTKEY, dialErrorLimit: 0 };
`

func TestLifeOfACommand(t *testing.T) {
	p := newProject(t, prelude+`
const command = new remote.Command("c", {
    connection, stdin: pulumi.secret(SECRET), logging: "none", triggers: [config.get("trigger") ?? "1"],
    create: `+"`echo create >> ${LOG}; cat; echo note >&2`"+`, update: `+"`echo update >> ${LOG}; cat`"+`,
    delete: `+"`echo delete >> ${LOG}`"+`, environment: config.getObject("environment"),
}, { additionalSecretOutputs: ["stdout", "stderr"] });
exports.length = pulumi.unsecret(command.stdout).apply((text) => text.length);
exports.stderr = command.stderr;
`)
	printed := p.pulumi("preview")
	wantText(t, printed, "2 to create")
	if got := p.host.Dials.Load(); got != 0 {
		t.Errorf("the preview opened %d connections", got)
	}
	printed += p.pulumi("up", "--yes", "--skip-preview")
	p.wantHostLog("create")
	if got := p.pulumi("stack", "output", "length"); strings.TrimSpace(got) != fmt.Sprint(len(secret)) {
		t.Errorf("stdout is %s characters long", got)
	}
	if got := p.pulumi("stack", "output", "--show-secrets", "stderr"); strings.TrimSpace(got) != "note" {
		t.Errorf("stderr is %q", got)
	}

	dials := p.host.Dials.Load()
	printed += p.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
	printed += p.pulumi("refresh", "--yes", "--expect-no-changes")
	p.wantHostLog("")
	if p.host.Dials.Load() != dials {
		t.Error("nothing to do, and the host was dialled")
	}

	p.pulumi("config", "set", "trigger", "2")
	wantText(t, p.pulumi("preview"), "1 to replace")
	printed += p.pulumi("up", "--yes", "--skip-preview")
	p.wantHostLog("create, delete")

	// A change that the host refuses is an error, and leaves the resource as it was.
	p.pulumi("config", "set", "--path", "environment.OTHER", "x")
	failed, err := p.try("up", "--yes", "--skip-preview")
	if err == nil {
		t.Error("the host took a variable that it does not accept")
	}
	wantText(t, failed, `could not set environment variable "OTHER"`)
	p.host.AcceptEnv = []string{"OTHER"}
	printed += failed + p.pulumi("up", "--yes", "--skip-preview")
	p.wantHostLog("update")

	printed += p.pulumi("stack", "export")
	printed += p.pulumi("destroy", "--yes", "--skip-preview")
	p.wantHostLog("delete")
	for _, hidden := range []string{secret, "PRIVATE KEY"} {
		if strings.Contains(printed, hidden) {
			t.Errorf("%q was printed, or is in the state", hidden)
		}
	}
}

func TestErrorsAreToldAndHideTheKey(t *testing.T) {
	p := newProject(t, prelude+`
const wrong = config.get("wrong");
if (wrong === "throw") throw new Error("thrown by the program");
if (wrong === "exit") process.exit(7);
if (wrong === "syntax") require("./nowhere");
new remote.Command("c", { connection: { ...connection, extraField: 1 }, create: "true" });
`)
	for wrong, want := range map[string]string{
		"throw": "thrown by the program", "exit": "Program exited with non-zero exit code: 7", "syntax": "nowhere",
		"field": "extraField",
	} {
		p.pulumi("config", "set", "wrong", wrong)
		output, err := p.try("preview")
		if err == nil {
			t.Errorf("%s: no error", wrong)
		}
		wantText(t, output, want)
		if strings.Contains(output, "PRIVATE KEY") {
			t.Errorf("%s: the private key was printed:\n%s", wrong, output)
		}
	}
	if err := os.Remove(filepath.Join(p.dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	output, _ := p.try("preview")
	wantText(t, output, "the Pulumi SDK is not installed in "+p.dir)
}

func TestAboutKnowsTheDependencies(t *testing.T) {
	p := newProject(t, "")
	var about struct {
		Dependencies []struct{ Name, Version string }
	}
	output, err := p.command(context.Background(), "about", "--json").Output()
	if err == nil {
		err = json.Unmarshal(output, &about)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(about.Dependencies) != 1 || about.Dependencies[0].Version != "1.2.1" {
		t.Errorf("the dependencies are %+v", about.Dependencies)
	}
}

// With the CLI killed nobody tells its children to end: they have to see it by themselves, and the host's command with
// them.
func TestNothingOutlivesAKilledEngine(t *testing.T) {
	p := newProject(t, prelude+`
new remote.Command("c", { connection, create: `+"`trap 'echo told >> ${LOG}; exit 1' TERM; echo running >> ${LOG}; sleep 60 & wait`"+` });
`)
	marker := "WARREN_E2E=" + p.dir
	cli := p.command(context.Background(), "up", "--yes", "--skip-preview")
	cli.Env = append(os.Environ(), marker)
	if err := cli.Start(); err != nil {
		t.Fatal(err)
	}
	within(t, 60*time.Second, "the command runs", func() bool {
		text, _ := os.ReadFile(os.Getenv("LOG"))
		return strings.Contains(string(text), "running")
	})
	if len(marked(marker)) < 4 {
		t.Errorf("there should be CLI, language host, node and plugin: %v", marked(marker))
	}
	_ = cli.Process.Kill()
	_ = cli.Wait()
	within(t, 10*time.Second, "the children end", func() bool { return len(marked(marker)) == 0 })
	p.wantHostLog("running, told")
}

func within(t *testing.T, limit time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

// marked finds the processes that have a variable in their environment.
func marked(variable string) (found []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(text), variable+"\x00") {
			name, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "comm"))
			found = append(found, strings.TrimSpace(string(name)))
		}
	}
	return found
}

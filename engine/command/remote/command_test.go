package remote

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

func TestCreateUpdateDelete(t *testing.T) {
	s, r := start(t), newRig(t)
	file := filepath.Join(t.TempDir(), "log")
	args := values{
		"connection": s.connection(nil),
		"create":     text("echo created | tee -a " + file + "; echo note >&2"),
		"update":     text("echo updated | tee -a " + file),
		"delete":     text("echo deleted >> " + file),
	}
	check(t, r.create(args))
	r.wantOutputs("created", "note")
	args["stdin"] = text("another")
	check(t, r.update(args))
	r.wantOutputs("updated", "")
	check(t, r.delete())
	if got, _ := os.ReadFile(file); string(got) != "created\nupdated\ndeleted\n" {
		t.Errorf("the host saw %q", got)
	}
}

func TestWithoutUpdateCreateRunsAgain(t *testing.T) {
	s, r := start(t), newRig(t)
	check(t, r.create(values{"connection": s.connection(nil), "create": text("echo 1")}))
	check(t, r.update(values{"connection": s.connection(nil), "create": text("echo 2")}))
	r.wantOutputs("2", "")
}

func TestWithoutCommandsNothingIsDialled(t *testing.T) {
	s, r := start(t), newRig(t)
	check(t, r.create(values{"connection": s.connection(nil)}))
	r.wantOutputs("", "")
	check(t, r.update(values{"connection": s.connection(nil), "stdin": text("x")}))
	check(t, r.delete())
	if got := s.Dials.Load(); got != 0 {
		t.Errorf("%d connections were opened", got)
	}
}

func TestPreviewsDialNothing(t *testing.T) {
	s, r := start(t), newRig(t)
	args := values{"connection": s.connection(nil), "create": text("echo 1"), "update": text("echo 2")}
	check(t, r.create(args))
	before := s.Dials.Load()
	_, err := r.Create(provider.CreateRequest{Urn: r.urn, Properties: r.args, DryRun: true})
	check(t, err)
	r.diff(values{"connection": s.connection(nil), "create": text("echo 3")})
	_, err = r.Update(provider.UpdateRequest{ID: r.id, Urn: r.urn, State: r.now, Inputs: r.args, DryRun: true})
	check(t, err)
	_, err = r.Read(provider.ReadRequest{ID: r.id, Urn: r.urn, Properties: r.now, Inputs: r.args})
	check(t, err)
	if got := s.Dials.Load() - before; got != 0 {
		t.Errorf("%d connections were opened", got)
	}
}

func TestChangesAreSeenWhereTheyAre(t *testing.T) {
	s, r := start(t), newRig(t)
	trigger := func(value string) property.Value { return property.New([]property.Value{text(value)}) }
	check(t, r.create(values{"connection": s.connection(nil), "create": text("true"), "triggers": trigger("a")}))
	if d := r.diff(values{"connection": s.connection(nil), "create": text("true"), "triggers": trigger("a")}); d.HasChanges {
		t.Errorf("equal inputs differ: %v", d.DetailedDiff)
	}
	changed := func(args values) (paths []string) {
		for path, change := range r.diff(args).DetailedDiff {
			if change.Kind == provider.Update {
				paths = append(paths, path)
			}
		}
		return paths
	}
	// The SDK asks the engine to replace on changes of triggers[*].
	got := changed(values{"connection": s.connection(nil), "create": text("true"), "triggers": trigger("b")})
	if !slices.Equal(got, []string{"triggers[0]"}) {
		t.Errorf("another trigger changes %v", got)
	}
	got = changed(values{"connection": s.connection(nil), "create": text("false"), "triggers": trigger("a")})
	if !slices.Equal(got, []string{"create"}) {
		t.Errorf("another command changes %v", got)
	}
	other := s.connection(values{"user": text("someone")})
	got = changed(values{"connection": other, "create": text("true"), "triggers": trigger("a")})
	if !slices.Equal(got, []string{"connection"}) {
		t.Errorf("another connection changes %v", got)
	}
}

func TestStdin(t *testing.T) {
	s, r := start(t), newRig(t)
	check(t, r.create(values{"connection": s.connection(nil), "create": text("cat; echo done"), "stdin": text("in\nput ")}))
	r.wantOutputs("in\nput done", "")
	check(t, r.create(values{"connection": s.connection(nil), "create": text("cat; echo nothing")}))
	r.wantOutputs("nothing", "")
}

func TestOneNewlineIsTakenOff(t *testing.T) {
	s, r := start(t), newRig(t)
	check(t, r.create(values{"connection": s.connection(nil), "create": text(`printf 'a\n\n'; printf b >&2`)}))
	r.wantOutputs("a\n", "b")
}

func TestEnvironment(t *testing.T) {
	s, r := start(t), newRig(t)
	s.AcceptEnv = []string{"GREETING"}
	environment := func(name string) property.Value { return property.New(values{name: text("hello")}) }
	args := values{"connection": s.connection(nil), "create": text("echo $GREETING"), "environment": environment("GREETING")}
	check(t, r.create(args))
	r.wantOutputs("hello", "")
	args["environment"] = environment("OTHER")
	wantError(t, r.create(args), `could not set environment variable "OTHER"`, "AcceptEnv")
}

func TestPreviousOutputs(t *testing.T) {
	s, r := start(t), newRig(t)
	s.AcceptEnv = []string{"PULUMI_COMMAND_STDOUT", "PULUMI_COMMAND_STDERR"}
	args := values{
		"connection": s.connection(nil), "create": text("echo one; echo two >&2"),
		"update": text(`echo "[$PULUMI_COMMAND_STDOUT]"; echo "[$PULUMI_COMMAND_STDERR]" >&2`),
	}
	check(t, r.create(args))
	check(t, r.update(args))
	r.wantOutputs("[one]", "[two]")
	args["addPreviousOutputInEnv"] = property.New(false)
	check(t, r.update(args))
	r.wantOutputs("[]", "[]")
	// A server that does not accept them is warned of, no more.
	s.AcceptEnv = nil
	args["addPreviousOutputInEnv"] = property.New(true)
	check(t, r.update(args))
	r.wantOutputs("[]", "[]")
}

func TestAFailureCarriesCommandAndOutput(t *testing.T) {
	s, r := start(t), newRig(t)
	err := r.create(values{"connection": s.connection(nil), "create": text("echo out; echo err >&2; exit 3"), "stdin": text("hush")})
	wantError(t, err, "Process exited with status 3", `running "echo out; echo err >&2; exit 3":`, "out\n", "err\n")
	for _, secret := range []string{"PRIVATE KEY", "hush"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error holds %q", secret)
		}
	}
}

func TestTheConnectionIsSecret(t *testing.T) {
	s, r := start(t), newRig(t)
	check(t, r.create(values{"connection": s.connection(nil), "create": text("true")}))
	if !r.args.Get("connection").Secret() {
		t.Error("not in the inputs")
	}
	if !r.now.Get("connection").Secret() {
		t.Error("not in the state")
	}
}

func TestAWrongConnectionIsNotPrinted(t *testing.T) {
	s, r := start(t), newRig(t)
	for name, change := range map[string]values{
		"extraField": {"extraField": text("x")},
		"port":       {"port": text("twenty-two")},
		"host":       {"host": property.New(property.Null)},
	} {
		failures := r.check(values{"connection": s.connection(change), "create": text("true")})
		if len(failures) == 0 {
			t.Errorf("%s passed", name)
		}
		for _, failure := range failures {
			// The engine prints the whole value of a property that is named.
			if failure.Property != "" || strings.Contains(failure.Reason, "PRIVATE KEY") || !strings.Contains(failure.Reason, name) {
				t.Errorf("%s: %+v", name, failure)
			}
		}
	}
}

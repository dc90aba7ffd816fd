package remote

import (
	"context"
	"strings"
	"testing"

	"github.com/blang/semver"
	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"command/sshtest"
)

type server struct{ *sshtest.Server }

func start(t *testing.T) *server { return &server{sshtest.Start(t)} }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type values = map[string]property.Value

func text(s string) property.Value { return property.New(s) }

// connection is a program's connection to the server, with changes.
func (s *server) connection(changes values) property.Value {
	fields := values{
		"host": text("127.0.0.1"), "port": property.New(float64(s.Port)), "privateKey": text(s.PrivateKey),
		"hostKey": text(s.HostKey), "dialErrorLimit": property.New(0.0), "perDialTimeout": property.New(5.0),
	}
	for name, value := range changes {
		if fields[name] = value; value.IsNull() {
			delete(fields, name)
		}
	}
	return property.New(fields)
}

// rig is the provider as the engine sees it, with one Command.
type rig struct {
	*testing.T
	integration.Server
	urn  resource.URN
	id   string
	args property.Map // the checked inputs
	now  property.Map // the state
}

func newRig(t *testing.T) *rig {
	t.Helper()
	p := infer.Provider(infer.Options{Resources: Resources()})
	s, err := integration.NewServer(context.Background(), "command", semver.MustParse("1.2.1"), integration.WithProvider(p))
	check(t, err)
	return &rig{T: t, Server: s, urn: urn("Command")}
}

func urn(kind string) resource.URN {
	return resource.NewURN("stack", "project", "", tokens.Type("command:remote:"+kind), "name")
}

func (r *rig) check(args values) []provider.CheckFailure {
	r.Helper()
	response, err := r.Check(provider.CheckRequest{Urn: r.urn, Inputs: property.NewMap(args)})
	check(r.T, err)
	r.args = response.Inputs
	return response.Failures
}

func (r *rig) mustCheck(args values) {
	r.Helper()
	if failures := r.check(args); len(failures) > 0 {
		r.Fatal(failures)
	}
}

func (r *rig) create(args values) error {
	r.Helper()
	r.mustCheck(args)
	response, err := r.Create(provider.CreateRequest{Urn: r.urn, Properties: r.args})
	if err == nil {
		r.id, r.now = response.ID, response.Properties
	}
	return err
}

func (r *rig) update(args values) error {
	r.Helper()
	old := r.args
	r.mustCheck(args)
	response, err := r.Update(provider.UpdateRequest{ID: r.id, Urn: r.urn, State: r.now, Inputs: r.args, OldInputs: old})
	if err == nil {
		r.now = response.Properties
	}
	return err
}

func (r *rig) delete() error {
	return r.Delete(provider.DeleteRequest{ID: r.id, Urn: r.urn, Properties: r.now, OldInputs: r.args})
}

func (r *rig) diff(args values) provider.DiffResponse {
	r.Helper()
	old := r.args
	r.mustCheck(args)
	response, err := r.Diff(provider.DiffRequest{ID: r.id, Urn: r.urn, State: r.now, Inputs: r.args, OldInputs: old})
	check(r.T, err)
	r.args = old
	return response
}

func (r *rig) wantOutputs(stdout, stderr string) {
	r.Helper()
	if got := r.now.Get("stdout").AsString(); got != stdout {
		r.Errorf("stdout is %q, want %q", got, stdout)
	}
	if got := r.now.Get("stderr").AsString(); got != stderr {
		r.Errorf("stderr is %q, want %q", got, stderr)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error is %q, which does not say %q", err, part)
		}
	}
}

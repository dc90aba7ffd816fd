package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// program is a folder below one whose node_modules it uses, as in a workspace.
func program(t *testing.T) *pulumirpc.ProgramInfo {
	root := t.TempDir()
	for path, text := range map[string]string{
		"app/package.json":                         `{"dependencies": {"@pulumi/random": "^4.0.0", "plain": "1.x"}, "devDependencies": {"gone": "2.x"}}`,
		"node_modules/@pulumi/random/package.json": `{"name": "@pulumi/random", "version": "4.21.2", "pulumi": {"resource": true}}`,
		"node_modules/plain/package.json":          `{"name": "plain", "version": "1.2.3"}`,
		"node_modules/plain/node_modules/nested/package.json": `{"name": "nested", "version": "0.1.0",
			"pulumi": {"resource": true, "name": "other", "version": "v9.9.9", "server": "https://example.com",
			"parameterization": {"name": "sub", "version": "1.0.0", "value": "aGk="}}}`,
		"node_modules/broken/package.json": `{`,
	} {
		write(t, filepath.Join(root, path), text)
	}
	// A package that is linked to leads back here, and must not be followed for ever.
	if err := os.Symlink(root, filepath.Join(root, "node_modules", "self")); err != nil {
		t.Fatal(err)
	}
	return &pulumirpc.ProgramInfo{ProgramDirectory: filepath.Join(root, "app")}
}

func TestRequiredPackages(t *testing.T) {
	response, err := (&host{}).GetRequiredPackages(context.Background(), &pulumirpc.GetRequiredPackagesRequest{Info: program(t)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range response.Packages {
		got = append(got, p.Name+" "+p.Version+" "+p.Server+" "+string(p.GetParameterization().GetValue()))
	}
	slices.Sort(got)
	if want := []string{"other 9.9.9 https://example.com hi", "random 4.21.2  "}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgramDependencies(t *testing.T) {
	info := program(t)
	for transitive, want := range map[bool][]string{
		false: {"@pulumi/random 4.21.2", "gone 2.x", "plain 1.2.3"},
		true:  {"@pulumi/random 4.21.2", "nested 0.1.0", "plain 1.2.3"},
	} {
		response, err := (&host{}).GetProgramDependencies(context.Background(),
			&pulumirpc.GetProgramDependenciesRequest{Info: info, TransitiveDependencies: transitive})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range response.Dependencies {
			got = append(got, d.Name+" "+d.Version)
		}
		if !slices.Equal(got, want) {
			t.Errorf("transitive %v: got %q, want %q", transitive, got, want)
		}
	}
}

func TestInstaller(t *testing.T) {
	for _, c := range []struct{ lock, wanted, want string }{
		{"", "", "npm"}, {"yarn.lock", "", "yarn"}, {"pnpm-lock.yaml", "", "pnpm"}, {"package-lock.json", "bun", "bun"},
	} {
		dir := t.TempDir()
		if c.lock != "" {
			write(t, filepath.Join(dir, c.lock), "")
		}
		if got, _, err := installer(dir, c.wanted); err != nil || got != c.want {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
	if _, _, err := installer(t.TempDir(), "pip"); err == nil {
		t.Error("pip installs npm packages")
	}
}

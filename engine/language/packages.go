package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

type manifest struct {
	Name            string
	Version         string
	Dependencies    map[string]string
	DevDependencies map[string]string
	Pulumi          *struct {
		Resource         bool
		Name             string
		Version          string
		Server           string
		Parameterization *struct {
			Name    string
			Version string
			Value   []byte // base64 in the file, which is what encoding/json makes bytes of
		}
	}
}

func readManifest(dir string) (m manifest, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m, err
}

// upwards calls visit for dir and each folder above it until one returns true: Node looks for packages in that order.
func upwards(dir string, visit func(dir string) bool) bool {
	for !visit(dir) {
		parent := filepath.Dir(dir)
		if parent == dir {
			return false
		}
		dir = parent
	}
	return true
}

// installed calls visit for every package below dir's node_modules, nested ones too.
func installed(dir string, visit func(dir string, m manifest)) (found bool) {
	for _, pattern := range []string{"node_modules/[^@.]*", "node_modules/@*/*"} {
		folders, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, folder := range folders {
			found = true
			if m, err := readManifest(folder); err == nil {
				visit(folder, m)
			}
			// A link leads to a folder whose own node_modules belong to someone else, perhaps to this very program.
			if info, err := os.Lstat(folder); err == nil && info.IsDir() {
				installed(folder, visit)
			}
		}
	}
	return found
}

// GetRequiredPackages finds the resource plugins that the installed npm packages ask for.
func (h *host) GetRequiredPackages(
	_ context.Context, r *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	var response pulumirpc.GetRequiredPackagesResponse
	seen := map[string]bool{}
	upwards(r.GetInfo().GetProgramDirectory(), func(dir string) bool {
		return installed(dir, func(_ string, m manifest) {
			if m.Pulumi == nil || !m.Pulumi.Resource {
				return
			}
			dependency := required(m)
			if key := dependency.String(); !seen[key] {
				seen[key] = true
				response.Packages = append(response.Packages, dependency)
			}
		})
	})
	return &response, nil
}

func required(m manifest) *pulumirpc.PackageDependency {
	name, version := m.Pulumi.Name, m.Pulumi.Version
	if name == "" {
		name = strings.TrimPrefix(strings.TrimPrefix(m.Name, "@pulumi/"), "@")
	}
	if version == "" {
		version = m.Version
	}
	dependency := &pulumirpc.PackageDependency{
		Name: name, Kind: "resource", Version: strings.TrimPrefix(version, "v"), Server: m.Pulumi.Server,
	}
	if p := m.Pulumi.Parameterization; p != nil {
		dependency.Parameterization = &pulumirpc.PackageParameterization{Name: p.Name, Version: p.Version, Value: p.Value}
	}
	return dependency
}

// GetProgramDependencies tells `pulumi about` which npm packages the program uses, in the versions that are installed.
func (h *host) GetProgramDependencies(
	_ context.Context, r *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	dir := r.GetInfo().GetProgramDirectory()
	program, err := readManifest(dir)
	if err != nil {
		return nil, fmt.Errorf("the program's package.json: %w", err)
	}
	versions := map[string]string{}
	if r.GetTransitiveDependencies() {
		upwards(dir, func(dir string) bool {
			return installed(dir, func(_ string, m manifest) { versions[m.Name] = m.Version })
		})
	} else {
		for _, wanted := range []map[string]string{program.DevDependencies, program.Dependencies} {
			for name, version := range wanted {
				versions[name] = version // as asked for, unless one is installed
				upwards(dir, func(dir string) bool {
					m, err := readManifest(filepath.Join(dir, "node_modules", name))
					if err == nil {
						versions[name] = m.Version
					}
					return err == nil
				})
			}
		}
	}
	var response pulumirpc.GetProgramDependenciesResponse
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		response.Dependencies = append(response.Dependencies, &pulumirpc.DependencyInfo{Name: name, Version: versions[name]})
	}
	return &response, nil
}

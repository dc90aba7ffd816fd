// Package sdktest compares a bridged plugin's names with those of its npm package, which is what programs are written
// against: a name that differs would be an input silently ignored.
package sdktest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
)

var (
	typePattern   = regexp.MustCompile(`__pulumiType = '(\w+:index/\w+:(\w+))'`)
	invokePattern = regexp.MustCompile(`runtime\.invoke(?:Output)?\("(\w+:index/\w+:\w+)"`)
	inputPattern  = regexp.MustCompile(`resourceInputs\["(\w+)"\]`)
	blockPattern  = regexp.MustCompile(`(?s)export interface (\w+) \{(.*?)\n\}`)
	fieldPattern  = regexp.MustCompile(`(?m)^\s+(\w+)\??: `)
)

// Names fails for each resource, function, property and nested property that only one side has. absent names what the
// official plugin has and ours leaves out: its README says why.
func Names(t *testing.T, p tfbridge.ProviderInfo, absent ...string) {
	dir := filepath.Join("..", "..", "..", "node_modules", "@pulumi", p.Name)
	scripts, _ := filepath.Glob(filepath.Join(dir, "*.js"))
	if len(scripts) == 0 {
		t.Skipf("%s is not installed (npm ci)", dir)
	}
	want := map[string][]string{} // a resource's token, and its properties
	for _, script := range scripts {
		text := read(t, script)
		if token := typePattern.FindStringSubmatch(text); token != nil {
			want[token[1]] = captures(inputPattern, text)
		}
		for _, token := range captures(invokePattern, text) {
			want[token] = nil
		}
	}
	nested := read(t, filepath.Join(dir, "types", "output.d.ts")) + read(t, filepath.Join(dir, "types", "input.d.ts"))

	have := map[string]bool{}
	for name, function := range p.DataSources {
		have[string(function.Tok)] = true
		if _, ok := p.P.DataSourcesMap().GetOk(name); !ok {
			t.Errorf("%s is no data source of the Terraform provider", name)
		}
	}
	for name, resource := range p.Resources {
		token := string(resource.Tok)
		have[token] = true
		schema := p.P.ResourcesMap().Get(name).Schema()
		var got []string
		schema.Range(func(key string, property shim.Schema) bool {
			if key == "id" {
				return true
			}
			pulumi := tfbridge.TerraformToPulumiNameV2(key, schema, resource.Fields)
			got = append(got, pulumi)
			title := token[strings.LastIndex(token, ":")+1:]
			walk(property, func(block string) {
				if !nestedField(nested, title, block) {
					t.Errorf("%s.%s: the SDK has no nested %s", title, pulumi, block)
				}
			})
			return true
		})
		for _, property := range want[token] {
			if !slices.Contains(got, property) {
				t.Errorf("%s: the SDK has %s, the plugin has not", token, property)
			}
		}
		for _, property := range got {
			if !slices.Contains(want[token], property) {
				t.Errorf("%s: the plugin has %s, the SDK has not", token, property)
			}
		}
	}
	for token := range want {
		if !have[token] && !slices.Contains(absent, token) {
			t.Errorf("the SDK has %s, the plugin has not", token)
		}
	}
	for token := range have {
		if _, ok := want[token]; !ok {
			t.Errorf("the plugin has %s, the SDK has not", token)
		}
	}
}

// walk visits the Pulumi names of all fields in a property's nested blocks.
func walk(property shim.Schema, visit func(name string)) {
	block, ok := property.Elem().(shim.Resource)
	if !ok {
		return
	}
	block.Schema().Range(func(key string, field shim.Schema) bool {
		visit(tfbridge.TerraformToPulumiNameV2(key, block.Schema(), nil))
		walk(field, visit)
		return true
	})
}

// nestedField says whether one of the SDK's nested types of a resource has the field.
func nestedField(types, resource, field string) bool {
	for _, block := range blockPattern.FindAllStringSubmatch(types, -1) {
		if strings.HasPrefix(block[1], resource) && slices.Contains(captures(fieldPattern, block[2]), field) {
			return true
		}
	}
	return false
}

func captures(pattern *regexp.Regexp, text string) (found []string) {
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

func read(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

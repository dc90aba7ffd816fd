// pulumi-resource-tls: the official Terraform provider for keys and certificates under Pulumi's own bridge. Only the names
// are ours, and they are those of the npm package @pulumi/tls.
package main

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-provider-tls/shim"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	info "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	tfshim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"

	"plugins/bridge"
)

func provider() info.ProviderInfo {
	p := info.ProviderInfo{
		P:                           tfbridge.ShimProvider(shim.New()),
		Name:                        "tls",
		Version:                     bridge.Version("tls"),
		Resources:                   map[string]*info.ResourceInfo{},
		DataSources:                 map[string]*info.DataSourceInfo{},
		MetadataInfo:                info.NewProviderMetadata([]byte("{}")),
		EnableAccurateBridgePreview: true,
	}
	p.P.ResourcesMap().Range(func(name string, _ tfshim.Resource) bool {
		p.Resources[name] = &info.ResourceInfo{Tok: bridge.ResourceToken("tls", title(name))}
		return true
	})
	p.P.DataSourcesMap().Range(func(name string, _ tfshim.Resource) bool {
		p.DataSources[name] = &info.DataSourceInfo{Tok: bridge.FunctionToken("tls", "get"+title(name))}
		return true
	})
	return p
}

func title(name string) string { return bridge.Title(strings.TrimPrefix(name, "tls_")) }

func main() {
	tfbridge.Main(context.Background(), "tls", provider(), tfbridge.ProviderMetadata{PackageSchema: []byte("{}")})
}

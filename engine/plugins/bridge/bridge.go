// Package bridge holds what the four bridged plugins share.
package bridge

import (
	"strings"
	"unicode"

	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// versions is set by the build to what engine/versions.sh lists: "docker=5.2.0 random=4.21.2 ...".
var versions string

// Version is the version that this build gives to a plugin.
func Version(pkg string) string {
	for _, entry := range strings.Fields(versions) {
		if name, version, _ := strings.Cut(entry, "="); name == pkg {
			return version
		}
	}
	return "0.0.0"
}

// Token is the name that Pulumi's SDKs have for a resource or function: docker, RemoteImage gives
// docker:index/remoteImage:RemoteImage.
func Token(pkg, name string) string {
	return pkg + ":index/" + string(unicode.ToLower(rune(name[0]))) + name[1:] + ":" + name
}

// ResourceToken is Token for resources.
func ResourceToken(pkg, name string) tokens.Type { return tokens.Type(Token(pkg, name)) }

// FunctionToken is Token for functions.
func FunctionToken(pkg, name string) tokens.ModuleMember {
	return tokens.ModuleMember(Token(pkg, name))
}

// Title turns a Terraform name without its provider's prefix into Pulumi's: topic_permissions gives TopicPermissions.
func Title(name string) string {
	var out strings.Builder
	for _, word := range strings.Split(name, "_") {
		out.WriteString(string(unicode.ToUpper(rune(word[0]))) + word[1:])
	}
	return out.String()
}

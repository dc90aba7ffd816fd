// Package shim opens the Terraform TLS provider's internal package to this build.
package shim

import (
	tfpf "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-provider-tls/internal/provider"
)

func New() tfpf.Provider { return provider.New() }

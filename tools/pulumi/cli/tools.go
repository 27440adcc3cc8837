// What `npm start` builds when no Pulumi CLI can be downloaded; see docs/decisions/toolchain.md.

//go:build tools
package tools
import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"

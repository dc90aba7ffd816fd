package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pkg/sftp"
	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// CopyToRemote copies a file or a folder to a host. Deleting the resource leaves the copy where it is.
type CopyToRemote struct{}

// CopyInputs are what a program says about a CopyToRemote.
type CopyInputs struct {
	Connection *Connection          `pulumi:"connection" provider:"secret"`
	Triggers   []any                `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Source     types.AssetOrArchive `pulumi:"source"`
	RemotePath string               `pulumi:"remotePath"`
}

// CopyOutputs are a CopyToRemote's state.
type CopyOutputs struct{ CopyInputs }

func (c *CopyInputs) source() (path, hash string) {
	if c.Source.Asset != nil {
		return c.Source.Asset.Path, c.Source.Asset.Hash
	}
	return c.Source.Archive.Path, c.Source.Archive.Hash
}

// Check lets files and folders through, and keeps values out of what is printed, as Command's does.
func (*CopyToRemote) Check(ctx context.Context, r infer.CheckRequest) (infer.CheckResponse[CopyInputs], error) {
	inputs, failures, err := infer.DefaultCheck[CopyInputs](ctx, r.NewInputs)
	asset, archive := inputs.Source.Asset, inputs.Source.Archive
	if err == nil && len(failures) == 0 && !(asset != nil && asset.IsPath() || archive != nil && archive.IsPath()) {
		failures = append(failures, provider.CheckFailure{Reason: "source must be a FileAsset or a FileArchive with a path"})
	}
	return infer.CheckResponse[CopyInputs]{Inputs: inputs, Failures: withoutValues(failures)}, err
}

// Create copies.
func (*CopyToRemote) Create(
	ctx context.Context, r infer.CreateRequest[CopyInputs],
) (infer.CreateResponse[CopyOutputs], error) {
	id, err := resource.NewUniqueHex("", 8, 0)
	if err == nil && !r.DryRun {
		err = r.Inputs.copy(ctx)
	}
	return infer.CreateResponse[CopyOutputs]{ID: id, Output: CopyOutputs{r.Inputs}}, err
}

// Update copies again where the source or its place have changed; a new connection alone copies nothing.
func (*CopyToRemote) Update(
	ctx context.Context, r infer.UpdateRequest[CopyInputs, CopyOutputs],
) (infer.UpdateResponse[CopyOutputs], error) {
	_, before := r.State.source()
	_, now := r.Inputs.source()
	var err error
	if !r.DryRun && (before != now || r.State.RemotePath != r.Inputs.RemotePath) {
		err = r.Inputs.copy(ctx)
	}
	return infer.UpdateResponse[CopyOutputs]{Output: CopyOutputs{r.Inputs}}, err
}

// copy follows cp's rules: a file goes into a folder that exists, or under the very name; of a folder, a trailing slash
// means its contents.
func (c *CopyInputs) copy(ctx context.Context) error {
	source, _ := c.source()
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	connected, err := c.Connection.Dial(ctx)
	if err != nil {
		return err
	}
	defer connected.Close()
	defer context.AfterFunc(ctx, func() { connected.Client.Close() })()
	remote, err := sftp.NewClient(connected.Client)
	if err != nil {
		return fmt.Errorf("sftp on %s: %w", c.Connection.address(), err)
	}
	defer remote.Close()

	target := c.RemotePath
	existing, err := remote.Stat(target)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s on the host: %w", target, err)
	}
	if !info.IsDir() {
		if existing != nil && existing.IsDir() {
			target = path.Join(target, filepath.Base(source))
		}
		return copyFile(remote, source, target)
	}
	if existing != nil && !existing.IsDir() {
		return fmt.Errorf("%s on the host is not a folder, %s is one", target, source)
	}
	if !strings.HasSuffix(source, "/") {
		target = path.Join(target, filepath.Base(source))
	}
	return filepath.WalkDir(source, func(local string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(source, local)
		if err != nil {
			return err
		}
		to := path.Join(target, filepath.ToSlash(relative))
		if entry.IsDir() {
			return annotate(remote.MkdirAll(to), to)
		}
		return copyFile(remote, local, to)
	})
}

func copyFile(remote *sftp.Client, local, target string) error {
	from, err := os.Open(local)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := remote.Create(target)
	if err != nil {
		return annotate(err, target)
	}
	_, err = to.ReadFrom(from)
	return annotate(errors.Join(err, to.Close()), target)
}

func annotate(err error, target string) error {
	if err != nil {
		return fmt.Errorf("copying to %s on the host: %w", target, err)
	}
	return nil
}

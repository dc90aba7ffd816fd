package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// Each package manager's way to install what package.json asks for, and the lock file by which it is known.
var managers = []struct {
	name, lock string
	install    []string
}{
	{"npm", "package-lock.json", []string{"install", "--loglevel=error"}},
	{"pnpm", "pnpm-lock.yaml", []string{"install"}},
	{"yarn", "yarn.lock", []string{"install"}},
	{"bun", "bun.lock", []string{"install"}},
}

// InstallDependencies is what `pulumi install` does for a Node program.
func (h *host) InstallDependencies(
	r *pulumirpc.InstallDependenciesRequest, stream grpc.ServerStreamingServer[pulumirpc.InstallDependenciesResponse],
) error {
	dir := r.GetInfo().GetProgramDirectory()
	name, args, err := installer(dir, option(r.GetInfo(), "packagemanager", ""))
	if err != nil {
		return err
	}
	cmd, done := h.command(stream.Context(), name, args...)
	defer done()
	cmd.Dir = dir
	cmd.Env = os.Environ()
	type response = pulumirpc.InstallDependenciesResponse
	cmd.Stdout, cmd.Stderr = streams(stream.Send,
		func(text []byte) *response { return &response{Stdout: text} },
		func(text []byte) *response { return &response{Stderr: text} })
	fmt.Fprintf(cmd.Stdout, "Installing dependencies with %s...\n", name)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s in %s: %w", name, args[0], dir, err)
	}
	fmt.Fprintln(cmd.Stdout, "Installed dependencies.")
	return nil
}

// installer picks the package manager: the one that Pulumi.yaml names, else the lock file's, else npm.
func installer(dir, wanted string) (name string, args []string, err error) {
	for _, manager := range managers {
		_, err := os.Stat(filepath.Join(dir, manager.lock))
		if manager.name == wanted || wanted == "" && err == nil {
			return manager.name, manager.install, nil
		}
	}
	if wanted == "" {
		return managers[0].name, managers[0].install, nil
	}
	return "", nil, fmt.Errorf("the runtime option packagemanager is %q; it can be npm, pnpm, yarn or bun", wanted)
}

// streams turns a gRPC stream into a child's standard output and error. The two share a lock: a stream takes one message
// at a time.
func streams[T any](send func(T) error, stdout, stderr func([]byte) T) (io.Writer, io.Writer) {
	var mu sync.Mutex
	writer := func(wrap func([]byte) T) io.Writer {
		return writerFunc(func(text []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return len(text), send(wrap(bytes.Clone(text)))
		})
	}
	return writer(stdout), writer(stderr)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(text []byte) (int, error) { return f(text) }

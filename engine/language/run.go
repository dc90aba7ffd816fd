package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// The program's Node side ends with this code when it has already told the user what is wrong.
const actionableExit = 32

// script finds one of the entry scripts in the program's own @pulumi/pulumi.
func script(dir, name string) (path string, err error) {
	found := upwards(dir, func(dir string) bool {
		path = filepath.Join(dir, "node_modules", "@pulumi", "pulumi", "cmd", name)
		_, err := os.Stat(path)
		return err == nil
	})
	if !found {
		return "", fmt.Errorf("the Pulumi SDK is not installed in %s: run `pulumi install` (or `npm install`) there", dir)
	}
	return path, nil
}

// The runtime options that Pulumi.yaml can give: typescript, tsconfig, nodeargs and packagemanager.
func option[T any](info *pulumirpc.ProgramInfo, name string, otherwise T) T {
	if value, ok := info.GetOptions().AsMap()[name].(T); ok {
		return value
	}
	return otherwise
}

func environment(info *pulumirpc.ProgramInfo) []string {
	env := os.Environ()
	if option(info, "typescript", true) {
		env = append(env, "PULUMI_NODEJS_TYPESCRIPT=true")
	}
	if path := option(info, "tsconfig", ""); path != "" {
		env = append(env, "PULUMI_NODEJS_TSCONFIG_PATH="+path)
	}
	return env
}

func nodeArgs(info *pulumirpc.ProgramInfo) []string {
	return strings.Fields(option(info, "nodeargs", ""))
}

// Run runs the program, which registers its resources with the engine by itself.
func (h *host) Run(ctx context.Context, r *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	node, err := findNode()
	if err != nil {
		return nil, err
	}
	run, err := script(r.GetInfo().GetProgramDirectory(), "run")
	if err != nil {
		return nil, err
	}
	config, secretKeys, err := configuration(r)
	if err != nil {
		return nil, err
	}
	args := append(nodeArgs(r.GetInfo()), run,
		"--monitor", r.GetMonitorAddress(), "--engine", h.engine, "--organization", r.GetOrganization(),
		"--project", r.GetProject(), "--stack", r.GetStack(), "--pwd", r.GetPwd(),
		"--root-directory", r.GetInfo().GetRootDirectory(), "--parallel", fmt.Sprint(r.GetParallel()))
	if r.GetDryRun() {
		args = append(args, "--dry-run")
	}
	entry := r.GetInfo().GetEntryPoint()
	if entry == "" {
		entry = "."
	}
	args = append(append(args, entry), r.GetArgs()...)

	cmd, done := h.command(ctx, node, args...)
	defer done()
	cmd.Env = append(environment(r.GetInfo()), "PULUMI_CONFIG="+config, "PULUMI_CONFIG_SECRET_KEYS="+secretKeys)
	cmd.Dir = r.GetPwd()
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr // the engine reads them, and shows them as the program's
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == actionableExit:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("Program exited with non-zero exit code: %d", exit.ExitCode())}, nil
	default:
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("Program did not run to its end: %v", err)}, nil
	}
}

// configuration gives the stack's config as the Node side reads it: keys are project:config:name there.
func configuration(r *pulumirpc.RunRequest) (values, secretKeys string, err error) {
	config := map[string]string{}
	for key, value := range r.GetConfig() {
		namespace, name, ok := strings.Cut(key, ":")
		if !ok {
			return "", "", fmt.Errorf("the config key %q has no namespace", key)
		}
		config[namespace+":config:"+name] = value
	}
	valuesJSON, err := json.Marshal(config)
	if err != nil {
		return "", "", err
	}
	keysJSON, err := json.Marshal(append([]string{}, r.GetConfigSecretKeys()...))
	return string(valuesJSON), string(keysJSON), err
}

// RunPlugin runs a policy pack or a component provider that is written for Node.
func (h *host) RunPlugin(
	r *pulumirpc.RunPluginRequest, stream grpc.ServerStreamingServer[pulumirpc.RunPluginResponse],
) error {
	node, err := findNode()
	if err != nil {
		return err
	}
	dir, pwd := r.GetInfo().GetProgramDirectory(), r.GetPwd()
	name, args := "run-plugin", append([]string{dir}, r.GetArgs()...)
	if strings.Contains(r.GetKind(), "analyzer") {
		// A policy pack is loaded from where it lies, and named last.
		name, args, pwd = "run-policy-pack", append(append([]string{}, r.GetArgs()...), dir), dir
	}
	run, err := script(dir, name)
	if err != nil {
		return err
	}
	cmd, done := h.command(stream.Context(), node, append(append(nodeArgs(r.GetInfo()), run), args...)...)
	defer done()
	cmd.Dir = pwd
	cmd.Env = append(environment(r.GetInfo()), r.GetEnv()...)
	type response = pulumirpc.RunPluginResponse
	cmd.Stdout, cmd.Stderr = streams(stream.Send,
		func(text []byte) *response {
			return &response{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: text}}
		},
		func(text []byte) *response {
			return &response{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: text}}
		})
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return stream.Send(&response{Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: int32(exit.ExitCode())}})
	}
	return err
}

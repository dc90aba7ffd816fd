package remote

import (
	"context"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Resources are the resource types of this package.
func Resources() []infer.InferredResource {
	return []infer.InferredResource{infer.Resource(&Command{}), infer.Resource(&CopyToRemote{})}
}

// Command runs commands on a host when the resource is created, updated or deleted.
type Command struct{}

// CommandInputs are what a program says about a Command.
type CommandInputs struct {
	// Any change runs update, or create where there is no update; a change of the triggers replaces the resource.
	Triggers []any   `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Create   *string `pulumi:"create,optional"`
	Update   *string `pulumi:"update,optional"`
	Delete   *string `pulumi:"delete,optional"`

	Stdin                  *string           `pulumi:"stdin,optional"`
	Logging                *Logging          `pulumi:"logging,optional"`
	Connection             *Connection       `pulumi:"connection" provider:"secret"`
	Environment            map[string]string `pulumi:"environment,optional"`
	AddPreviousOutputInEnv *bool             `pulumi:"addPreviousOutputInEnv,optional"`
}

// Annotate gives the defaults.
func (c *CommandInputs) Annotate(a infer.Annotator) { a.SetDefault(&c.AddPreviousOutputInEnv, true) }

// Outputs are what the last command printed.
type Outputs struct {
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// CommandOutputs are a Command's state.
type CommandOutputs struct {
	CommandInputs
	Outputs
}

// Check is the framework's own, but for its failures: the engine would print the whole value of a property that is named
// as wrong, the private key in a connection with one unknown field included. The reason names the field; that is enough.
func (*Command) Check(ctx context.Context, r infer.CheckRequest) (infer.CheckResponse[CommandInputs], error) {
	inputs, failures, err := infer.DefaultCheck[CommandInputs](ctx, r.NewInputs)
	return infer.CheckResponse[CommandInputs]{Inputs: inputs, Failures: withoutValues(failures)}, err
}

func withoutValues(failures []provider.CheckFailure) []provider.CheckFailure {
	for i := range failures {
		failures[i].Property = ""
	}
	return failures
}

// Create runs the create command.
func (*Command) Create(
	ctx context.Context, r infer.CreateRequest[CommandInputs],
) (infer.CreateResponse[CommandOutputs], error) {
	state := CommandOutputs{CommandInputs: r.Inputs}
	id, err := resource.NewUniqueHex(r.Name, 8, 0)
	if err == nil && !r.DryRun && r.Inputs.Create != nil {
		err = state.run(ctx, *r.Inputs.Create)
	}
	return infer.CreateResponse[CommandOutputs]{ID: id, Output: state}, err
}

// Update runs the update command, or the create command where there is no update.
func (*Command) Update(
	ctx context.Context, r infer.UpdateRequest[CommandInputs, CommandOutputs],
) (infer.UpdateResponse[CommandOutputs], error) {
	state := CommandOutputs{CommandInputs: r.Inputs, Outputs: r.State.Outputs}
	command := r.Inputs.Update
	if command == nil {
		command = r.Inputs.Create
	}
	var err error
	if !r.DryRun && command != nil {
		err = state.run(ctx, *command)
	}
	return infer.UpdateResponse[CommandOutputs]{Output: state}, err
}

// Delete runs the delete command, over the connection that the state remembers.
func (*Command) Delete(ctx context.Context, r infer.DeleteRequest[CommandOutputs]) (infer.DeleteResponse, error) {
	if r.State.Delete == nil {
		return infer.DeleteResponse{}, nil
	}
	return infer.DeleteResponse{}, r.State.run(ctx, *r.State.Delete)
}

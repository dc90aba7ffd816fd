package remote

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	provider "github.com/pulumi/pulumi-go-provider"
	"golang.org/x/crypto/ssh"
)

// How long a cancelled command may take to end after it was asked to.
var cancelGrace = 2 * time.Second

const acceptEnvHint = "the SSH server accepts only variables that its AcceptEnv names; " +
	"in a POSIX shell, put VAR=value before the command instead"

// run runs a command on the host and keeps what it printed. The state's outputs are those of the command before.
func (s *CommandOutputs) run(ctx context.Context, command string) error {
	connected, err := s.Connection.Dial(ctx)
	if err != nil {
		return err
	}
	defer connected.Close()
	session, err := connected.NewSession()
	if err != nil {
		return fmt.Errorf("opening a session on %s: %w", s.Connection.address(), err)
	}
	defer session.Close()
	if err := s.setEnvironment(ctx, session); err != nil {
		return err
	}
	if s.Stdin != nil && *s.Stdin != "" {
		session.Stdin = strings.NewReader(*s.Stdin)
	}
	var stdout, stderr, both capture
	log := &lineLogger{log: provider.GetLogger(ctx).InfoStatus}
	session.Stdout = s.Logging.tee(logStdout, log, &stdout, &both)
	session.Stderr = s.Logging.tee(logStderr, log, &stderr, &both)

	err = wait(ctx, session, command)
	log.flush()
	if connected.lost.Load() {
		err = fmt.Errorf("the connection to %s was lost: it answered nothing for %v",
			s.Connection.address(), time.Duration(keepAliveMisses)*keepAliveInterval)
	}
	if err != nil {
		return fmt.Errorf("%w: running %q:\n%s", err, command, both.String())
	}
	s.Outputs = Outputs{
		Stdout: strings.TrimSuffix(stdout.String(), "\n"),
		Stderr: strings.TrimSuffix(stderr.String(), "\n"),
	}
	return nil
}

// setEnvironment insists on the program's variables; those that carry the last outputs are tried only.
func (s *CommandOutputs) setEnvironment(ctx context.Context, session *ssh.Session) error {
	for name, value := range s.Environment {
		if err := session.Setenv(name, value); err != nil {
			return fmt.Errorf("could not set environment variable %q (%s): %w", name, acceptEnvHint, err)
		}
	}
	if !or(s.AddPreviousOutputInEnv, true) {
		return nil
	}
	for name, value := range map[string]string{"PULUMI_COMMAND_STDOUT": s.Stdout, "PULUMI_COMMAND_STDERR": s.Stderr} {
		if value == "" {
			continue
		}
		if err := session.Setenv(name, value); err != nil {
			provider.GetLogger(ctx).Warningf("could not set %s: %s; addPreviousOutputInEnv: false leaves it out",
				name, acceptEnvHint)
		}
	}
	return nil
}

// wait runs the command to its end. When the engine cancels, the command is asked to end, and then left.
func wait(ctx context.Context, session *ssh.Session, command string) error {
	if err := session.Start(command); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- session.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	_ = session.Signal(ssh.SIGTERM) // OpenSSH refuses it for root; closing the session is all that is left then
	select {
	case <-ended:
	case <-time.After(cancelGrace):
	}
	return fmt.Errorf("cancelled: %w", ctx.Err())
}

// capture keeps what is written to it. Standard output and error arrive at the same time.
type capture struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (c *capture) Write(text []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buffer.Write(text)
}

func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buffer.String()
}

var _ io.Writer = (*capture)(nil)

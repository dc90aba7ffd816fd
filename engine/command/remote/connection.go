// Package remote has the resources that act on another host over SSH.
package remote

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/pulumi/pulumi-go-provider/infer"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// What a field that is not given means. The SDK fills these in too; a state written by something else may lack them.
const (
	defaultUser           = "root"
	defaultPort           = 22
	defaultDialErrorLimit = 10
	defaultPerDialTimeout = 15
)

// endpoint is one machine to log in to: the host itself, or the proxy on the way to it.
type endpoint struct {
	User               *string  `pulumi:"user,optional"`
	Password           *string  `pulumi:"password,optional" provider:"secret"`
	Host               string   `pulumi:"host"`
	Port               *float64 `pulumi:"port,optional"`
	PrivateKey         *string  `pulumi:"privateKey,optional" provider:"secret"`
	PrivateKeyPassword *string  `pulumi:"privateKeyPassword,optional" provider:"secret"`
	AgentSocketPath    *string  `pulumi:"agentSocketPath,optional"`
	DialErrorLimit     *int     `pulumi:"dialErrorLimit,optional"`
	PerDialTimeout     *int     `pulumi:"perDialTimeout,optional"`
	HostKey            *string  `pulumi:"hostKey,optional"`
}

// Connection says how to log in to a host.
type Connection struct {
	endpoint
	Proxy *ProxyConnection `pulumi:"proxy,optional"`
}

// ProxyConnection says how to log in to the machine through which the host is reached.
type ProxyConnection struct{ endpoint }

// Annotate gives the defaults. It stands on both types: the framework does not look for it on an embedded one.
func (c *Connection) Annotate(a infer.Annotator)      { c.annotate(a) }
func (c *ProxyConnection) Annotate(a infer.Annotator) { c.annotate(a) }

func (e *endpoint) annotate(a infer.Annotator) {
	a.SetDefault(&e.User, defaultUser)
	a.SetDefault(&e.Port, defaultPort)
	a.SetDefault(&e.DialErrorLimit, defaultDialErrorLimit)
	a.SetDefault(&e.PerDialTimeout, defaultPerDialTimeout)
}

func or[T any](value *T, otherwise T) T {
	if value != nil {
		return *value
	}
	return otherwise
}

func (e *endpoint) address() string {
	return net.JoinHostPort(e.Host, fmt.Sprint(int(or(e.Port, defaultPort))))
}

// timeout is the longest that one attempt to log in may take; 0 is no limit.
func (e *endpoint) timeout() time.Duration {
	return time.Duration(or(e.PerDialTimeout, defaultPerDialTimeout)) * time.Second
}

// sshConfig gives what golang.org/x/crypto/ssh wants to know, and a function to call when logging in is over.
func (e *endpoint) sshConfig() (*ssh.ClientConfig, func(), error) {
	config := &ssh.ClientConfig{User: or(e.User, defaultUser)}
	if err := e.setHostKey(config); err != nil {
		return nil, nil, err
	}
	closeAgent, err := e.setAuth(config)
	return config, closeAgent, err
}

func (e *endpoint) setHostKey(config *ssh.ClientConfig) error {
	if e.HostKey == nil {
		config.HostKeyCallback = ssh.InsecureIgnoreHostKey()
		return nil
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(*e.HostKey))
	if err != nil {
		return fmt.Errorf("hostKey is not of the form \"ssh-ed25519 AAAA...\": %w", err)
	}
	config.HostKeyCallback = func(host string, remote net.Addr, got ssh.PublicKey) error {
		if err := ssh.FixedHostKey(key)(host, remote, got); err != nil {
			return &hostKeyError{want: ssh.FingerprintSHA256(key), got: ssh.FingerprintSHA256(got)}
		}
		return nil
	}
	// A host has keys of several types, and shows the type that the client likes best: ask for the one that is known.
	config.HostKeyAlgorithms = []string{key.Type()}
	if key.Type() == ssh.KeyAlgoRSA {
		config.HostKeyAlgorithms = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSA}
	}
	return nil
}

// hostKeyError is the one failure to log in that trying again cannot mend.
type hostKeyError struct{ want, got string }

func (e *hostKeyError) Error() string {
	return fmt.Sprintf("the host's key is not the expected one: it is %s, hostKey is %s", e.got, e.want)
}

func (e *endpoint) setAuth(config *ssh.ClientConfig) (closeAgent func(), err error) {
	closeAgent = func() {}
	if e.PrivateKey != nil {
		signer, err := e.signer()
		if err != nil {
			return nil, err
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
	} else if socket := or(e.AgentSocketPath, os.Getenv("SSH_AUTH_SOCK")); socket != "" {
		// Of two sources of keys the library would ask the first only, so a key that is given makes the agent needless.
		conn, err := net.Dial("unix", socket)
		switch {
		case err == nil:
			closeAgent = func() { conn.Close() }
			config.Auth = append(config.Auth, ssh.PublicKeysCallback(agent.NewClient(conn).Signers))
		case e.AgentSocketPath != nil || e.Password == nil:
			return nil, fmt.Errorf("the SSH agent: %w", err)
		}
	}
	if e.Password != nil {
		password := *e.Password
		config.Auth = append(config.Auth, ssh.Password(password), ssh.KeyboardInteractive(
			func(_, _ string, questions []string, _ []bool) ([]string, error) {
				answers := make([]string, len(questions))
				for i := range answers {
					answers[i] = password
				}
				return answers, nil
			}))
	}
	return closeAgent, nil
}

func (e *endpoint) signer() (ssh.Signer, error) {
	if e.PrivateKeyPassword != nil {
		signer, err := ssh.ParsePrivateKeyWithPassphrase([]byte(*e.PrivateKey), []byte(*e.PrivateKeyPassword))
		if err != nil {
			return nil, fmt.Errorf("privateKey with privateKeyPassword: %w", err)
		}
		return signer, nil
	}
	signer, err := ssh.ParsePrivateKey([]byte(*e.PrivateKey))
	var missing *ssh.PassphraseMissingError
	if errors.As(err, &missing) {
		return nil, errors.New("privateKey is encrypted: privateKeyPassword is needed")
	}
	if err != nil {
		return nil, fmt.Errorf("privateKey: %w", err)
	}
	return signer, nil
}

// Package sshtest is an SSH server on the loopback, for tests: it runs what it is told with sh, as sshd would.
package sshtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// Server is one host.
type Server struct {
	Port       int
	HostKey    string // as in authorized_keys
	PrivateKey string // of a user that may log in
	Password   string
	AcceptEnv  []string
	Dials      atomic.Int32 // connections that were opened
	Refuse     atomic.Int32 // how many of the next connections are closed at once
	Mute       atomic.Bool  // whether connections are accepted and never answered
	Frozen     atomic.Bool  // whether requests are no longer answered, as when the host has died
	mu         sync.Mutex
	running    []*exec.Cmd
}

// NewKey makes a key pair; the second result is the private key as a file has it.
func NewKey(t *testing.T, passphrase string) (ssh.Signer, string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	must(t, err)
	block, err := ssh.MarshalPrivateKey(key, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	}
	must(t, err)
	return signer, string(pem.EncodeToMemory(block))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Start starts a server that ends with the test.
func Start(t *testing.T) *Server {
	t.Helper()
	host, _ := NewKey(t, "")
	user, privateKey := NewKey(t, "")
	s := &Server{HostKey: PublicKey(host), PrivateKey: privateKey, Password: "pass word"}
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if string(key.Marshal()) != string(user.PublicKey().Marshal()) {
				return nil, errors.New("unknown key")
			}
			return nil, nil
		},
		PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if string(password) != s.Password {
				return nil, errors.New("wrong password")
			}
			return nil, nil
		},
	}
	config.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.Port = listener.Addr().(*net.TCPAddr).Port
	t.Cleanup(func() {
		listener.Close()
		s.killAll()
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.Dials.Add(1)
			switch {
			case s.Refuse.Add(-1) >= 0:
				conn.Close()
			case s.Mute.Load(): // kept open, without a word
			default:
				go s.serve(conn, config)
			}
		}
	}()
	return s
}

// PublicKey is the public key as authorized_keys has it.
func PublicKey(signer ssh.Signer) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
}

func (s *Server) serve(conn net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go func() {
		for request := range requests {
			if !s.Frozen.Load() {
				_ = request.Reply(false, nil)
			}
		}
	}()
	for opened := range channels {
		switch opened.ChannelType() {
		case "session":
			channel, requests, err := opened.Accept()
			if err == nil {
				go s.session(channel, requests)
			}
		case "direct-tcpip":
			go forward(opened)
		default:
			_ = opened.Reject(ssh.UnknownChannelType, "")
		}
	}
}

// forward is what a proxy does.
func forward(opened ssh.NewChannel) {
	var to struct {
		Host     string
		Port     uint32
		From     string
		FromPort uint32
	}
	_ = ssh.Unmarshal(opened.ExtraData(), &to)
	target, err := net.Dial("tcp", net.JoinHostPort(to.Host, fmt.Sprint(to.Port)))
	if err != nil {
		_ = opened.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	channel, requests, err := opened.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	go func() {
		_, _ = io.Copy(target, channel)
		target.Close()
	}()
	_, _ = io.Copy(channel, target)
	channel.Close()
}

func (s *Server) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	cmd := exec.Command("sh", "-c", "")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	for request := range requests {
		switch request.Type {
		case "env":
			var variable struct{ Name, Value string }
			_ = ssh.Unmarshal(request.Payload, &variable)
			ok := slices.Contains(s.AcceptEnv, variable.Name)
			if ok {
				cmd.Env = append(cmd.Environ(), variable.Name+"="+variable.Value)
			}
			_ = request.Reply(ok, nil)
		case "exec":
			var text struct{ Command string }
			_ = ssh.Unmarshal(request.Payload, &text)
			cmd.Args[2] = text.Command
			_ = request.Reply(true, nil)
			go s.execute(channel, cmd)
		case "subsystem":
			_ = request.Reply(true, nil)
			files, err := sftp.NewServer(channel)
			if err == nil {
				go func() {
					_ = files.Serve()
					channel.Close()
				}()
			}
		case "signal":
			s.mu.Lock()
			if cmd.Process != nil {
				_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
			}
			s.mu.Unlock()
		}
	}
}

func (s *Server) execute(channel ssh.Channel, cmd *exec.Cmd) {
	defer channel.Close()
	stdin, _ := cmd.StdinPipe()
	cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
	s.mu.Lock()
	err := cmd.Start()
	s.running = append(s.running, cmd)
	s.mu.Unlock()
	if err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(stdin, channel)
		stdin.Close()
	}()
	_ = cmd.Wait()
	code := uint32(max(cmd.ProcessState.ExitCode(), 0))
	if cmd.ProcessState.ExitCode() < 0 {
		code = 143
	}
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{code}))
}

func (s *Server) killAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, cmd := range s.running {
		if cmd.Process != nil {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
	}
}

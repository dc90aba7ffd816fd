package remote

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"command/sshtest"
)

func (s *server) hello(t *testing.T, connection values) error {
	t.Helper()
	r := newRig(t)
	err := r.create(values{"connection": s.connection(connection), "create": text("echo hello")})
	if err == nil {
		r.wantOutputs("hello", "")
	}
	return err
}

var (
	absent = property.New(property.Null)
	number = func(n float64) property.Value { return property.New(n) }
)

func TestHostKey(t *testing.T) {
	s := start(t)
	check(t, s.hello(t, nil))
	check(t, s.hello(t, values{"hostKey": absent}))
	other, _ := sshtest.NewKey(t, "")
	before := s.Dials.Load()
	wantError(t, s.hello(t, values{"hostKey": text(sshtest.PublicKey(other)), "dialErrorLimit": number(5)}),
		"the host's key is not the expected one", ssh.FingerprintSHA256(other.PublicKey()))
	if got := s.Dials.Load() - before; got != 1 {
		t.Errorf("a wrong host key was tried %d times", got)
	}
	wantError(t, s.hello(t, values{"hostKey": text("nonsense")}), "hostKey is not of the form")
}

func TestLogins(t *testing.T) {
	s := start(t)
	check(t, s.hello(t, values{"privateKey": absent, "password": text(s.Password)}))
	wantError(t, s.hello(t, values{"privateKey": absent, "password": text("wrong")}), "unable to authenticate")
	_, stranger := sshtest.NewKey(t, "")
	wantError(t, s.hello(t, values{"privateKey": text(stranger)}), "unable to authenticate")
	// A key that is refused leaves the password to be tried.
	check(t, s.hello(t, values{"privateKey": text(stranger), "password": text(s.Password)}))
	_, encrypted := sshtest.NewKey(t, "sesame")
	wantError(t, s.hello(t, values{"privateKey": text(encrypted)}), "privateKeyPassword is needed")
	wantError(t, s.hello(t, values{"privateKey": text(encrypted), "privateKeyPassword": text("no")}), "privateKeyPassword")
	wantError(t, s.hello(t, values{"privateKey": text(encrypted), "privateKeyPassword": text("sesame")}), "unable to authenticate")
}

func TestAgent(t *testing.T) {
	s := start(t)
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	check(t, err)
	t.Cleanup(func() { listener.Close() })
	key, err := ssh.ParseRawPrivateKey([]byte(s.PrivateKey))
	check(t, err)
	keyring := agent.NewKeyring()
	check(t, keyring.Add(agent.AddedKey{PrivateKey: key}))
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keyring, conn) }()
		}
	}()
	check(t, s.hello(t, values{"privateKey": absent, "agentSocketPath": text(socket)}))
	t.Setenv("SSH_AUTH_SOCK", socket)
	check(t, s.hello(t, values{"privateKey": absent}))
	wantError(t, s.hello(t, values{"privateKey": absent, "agentSocketPath": text(socket + "-gone")}), "the SSH agent")
}

func TestProxy(t *testing.T) {
	proxy, s := start(t), start(t)
	check(t, s.hello(t, values{"proxy": proxy.connection(nil)}))
	if proxy.Dials.Load() == 0 {
		t.Error("the proxy was not used")
	}
	other, _ := sshtest.NewKey(t, "")
	wantError(t, s.hello(t, values{"proxy": proxy.connection(values{"hostKey": text(sshtest.PublicKey(other))})}),
		"proxy: ", "the host's key is not the expected one")
	wantError(t, s.hello(t, values{"proxy": proxy.connection(nil), "hostKey": text(sshtest.PublicKey(other))}),
		"the host's key is not the expected one")
}

func quickPauses(t *testing.T) {
	first, longest := firstPause, longestPause
	firstPause, longestPause = time.Millisecond, time.Millisecond
	t.Cleanup(func() { firstPause, longestPause = first, longest })
}

func TestDialErrorLimit(t *testing.T) {
	quickPauses(t)
	s := start(t)
	s.Refuse.Store(3)
	check(t, s.hello(t, values{"dialErrorLimit": number(3)}))
	if got := s.Dials.Load(); got != 4 {
		t.Errorf("%d attempts", got)
	}
	s.Refuse.Store(100)
	s.Dials.Store(0)
	wantError(t, s.hello(t, values{"dialErrorLimit": number(2)}), "after 3 failed attempts: ")
	if got := s.Dials.Load(); got != 3 {
		t.Errorf("%d attempts", got)
	}
	s.Refuse.Store(30)
	check(t, s.hello(t, values{"dialErrorLimit": number(-1)}))
}

func TestPerDialTimeout(t *testing.T) {
	s := start(t)
	s.Mute.Store(true)
	started := time.Now()
	wantError(t, s.hello(t, values{"perDialTimeout": number(1)}), "no SSH login at 127.0.0.1:", "within 1s")
	if took := time.Since(started); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestALostHostIsNoticed(t *testing.T) {
	interval, misses := keepAliveInterval, keepAliveMisses
	keepAliveInterval, keepAliveMisses = 50*time.Millisecond, 3
	t.Cleanup(func() { keepAliveInterval, keepAliveMisses = interval, misses })
	s, r := start(t), newRig(t)
	// While it answers, a command that says nothing for longer than that is left alone.
	check(t, r.create(values{"connection": s.connection(nil), "create": text("sleep 0.5; echo slow")}))
	r.wantOutputs("slow", "")
	s.Frozen.Store(true)
	wantError(t, r.create(values{"connection": s.connection(nil), "create": text("sleep 60")}),
		"was lost", `running "sleep 60"`)
}

func TestCancelEndsTheCommand(t *testing.T) {
	s, r := start(t), newRig(t)
	marker := filepath.Join(t.TempDir(), "ended")
	go func() {
		for s.Dials.Load() == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(300 * time.Millisecond)
		check(t, r.Cancel())
	}()
	started := time.Now()
	err := r.create(values{"connection": s.connection(nil),
		"create": text("trap 'echo ended > " + marker + "; exit 1' TERM; sleep 60 & wait")})
	wantError(t, err, "cancelled", context.Canceled.Error())
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if _, err := os.Stat(marker); err != nil {
		t.Error("the command on the host was not told")
	}
}

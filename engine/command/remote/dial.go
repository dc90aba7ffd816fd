package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	provider "github.com/pulumi/pulumi-go-provider"
	"golang.org/x/crypto/ssh"
)

// A host that has gone away without a word is noticed when it has left this many questions unanswered. Variables, for
// the tests.
var (
	keepAliveInterval = 15 * time.Second
	keepAliveMisses   = 4
)

// The pauses between attempts to log in grow from the first to the longest.
var (
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// client is a connection to a host, and the one to the proxy on the way, if there is one.
type client struct {
	*ssh.Client
	proxy *ssh.Client
	done  chan struct{}
	lost  atomic.Bool // whether it was given up because the host no longer answered
}

func (c *client) Close() {
	close(c.done)
	c.Client.Close()
	if c.proxy != nil {
		c.proxy.Close()
	}
}

// Dial logs in to the host, through the proxy if one is given, as often as the limits say.
func (c *Connection) Dial(ctx context.Context) (*client, error) {
	reach := (&net.Dialer{}).DialContext
	var proxy *ssh.Client
	if c.Proxy != nil {
		var err error
		if proxy, err = c.Proxy.login(ctx, "proxy", reach); err != nil {
			return nil, fmt.Errorf("proxy: %w", err)
		}
		reach = proxy.DialContext
	}
	target, err := c.login(ctx, "host", reach)
	if err != nil {
		if proxy != nil {
			proxy.Close()
		}
		return nil, err
	}
	connected := &client{Client: target, proxy: proxy, done: make(chan struct{})}
	go connected.keepAlive()
	return connected, nil
}

type reachFunc func(ctx context.Context, network, address string) (net.Conn, error)

// login tries until it is in, or until more attempts have failed than dialErrorLimit allows (-1 allows any number).
func (e *endpoint) login(ctx context.Context, what string, reach reachFunc) (*ssh.Client, error) {
	config, closeAgent, err := e.sshConfig()
	if err != nil {
		return nil, err
	}
	defer closeAgent()
	limit := or(e.DialErrorLimit, defaultDialErrorLimit)
	pause := firstPause
	for failed := 1; ; failed++ {
		connected, err := e.attempt(ctx, reach, config)
		if err == nil {
			return connected, nil
		}
		var wrongKey *hostKeyError
		switch {
		case ctx.Err() != nil:
			return nil, fmt.Errorf("cancelled while connecting to %s: %w", e.address(), ctx.Err())
		case errors.As(err, &wrongKey):
			return nil, fmt.Errorf("%s: %w", e.address(), wrongKey)
		case limit >= 0 && failed > limit:
			return nil, fmt.Errorf("after %d failed attempts: %w", failed, err)
		}
		provider.GetLogger(ctx).InfoStatusf("connecting to %s %s failed %d times, trying again", what, e.address(), failed)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(pause*3/2, longestPause)
	}
}

// attempt tries once. perDialTimeout covers the whole of it: a port can be open and nobody there to speak SSH.
func (e *endpoint) attempt(ctx context.Context, reach reachFunc, config *ssh.ClientConfig) (*ssh.Client, error) {
	if limit := e.timeout(); limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, fmt.Errorf("no SSH login at %s within %v", e.address(), limit))
		defer cancel()
	}
	conn, err := reach(ctx, "tcp", e.address())
	if err != nil {
		return nil, err
	}
	giveUp := context.AfterFunc(ctx, func() { conn.Close() })
	sshConn, channels, requests, err := ssh.NewClientConn(conn, e.address(), config)
	if !giveUp() { // the time ran out, which the error about a closed connection would hide
		err = context.Cause(ctx)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return ssh.NewClient(sshConn, channels, requests), nil
}

// keepAlive closes the connection when the other side no longer answers: a command whose host has died would otherwise
// be waited for without end.
func (c *client) keepAlive() {
	tick := time.NewTicker(keepAliveInterval)
	defer tick.Stop()
	answers := make(chan error, 1)
	waiting, missed := false, 0
	for {
		select {
		case <-c.done:
			return
		case err := <-answers:
			if err != nil {
				return // the connection has ended, which the session sees by itself
			}
			waiting, missed = false, 0
		case <-tick.C:
			if waiting {
				if missed++; missed >= keepAliveMisses {
					c.lost.Store(true)
					c.Client.Close()
					return
				}
				continue
			}
			waiting = true
			go func() {
				_, _, err := c.SendRequest("keepalive@openssh.com", true, nil)
				answers <- err
			}()
		}
	}
}

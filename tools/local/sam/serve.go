package sam

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"syscall"
	"time"

	"sallyport/tools/local/child"
)

const loopback = "127.0.0.1"

const (
	startLimit = 3 * time.Minute  // the first time, Docker fetches Lambda's image
	stopLimit  = 30 * time.Second // it removes a container for each function
)

// API is a running `sam local start-api`, on a port of this machine's own choice.
type API struct {
	address string
	command *exec.Cmd
	spawner child.Spawner
	exited  chan struct{}
	said    tail
	clean   func() error // what to do once it has ended
}

// Serve runs `sam local start-api` in a folder, whose samconfig.toml counts if there is one, with arguments beside those that say where
// it listens. SAM's own words and the functions' logs go to output. It returns once the API takes connections. The caller must Stop it.
func Serve(ctx context.Context, folder string, output io.Writer, arguments ...string) (*API, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	a := &API{
		address: net.JoinHostPort(loopback, port), spawner: child.NewSpawner(), exited: make(chan struct{}),
		clean: func() error { return nil },
	}
	arguments = append([]string{"local", "start-api", "--host", loopback, "--port", port}, arguments...)
	a.command = exec.Command("sam", append(arguments, SkipPull(ctx)...)...)
	output = io.MultiWriter(&a.said, output)
	a.command.Dir, a.command.Stdout, a.command.Stderr = folder, output, output
	a.command.Env = Environment()
	a.command.WaitDelay = time.Second
	child.OwnGroup(a.command, syscall.SIGTERM) // at which it removes its containers
	if err := a.spawner.Start(a.command); err != nil {
		a.spawner.Close()
		return nil, fmt.Errorf("start sam local: %w", err)
	}
	go func() {
		a.command.Wait() //nolint:errcheck // how it ended, what it said tells
		close(a.exited)
	}()
	if err := a.await(ctx); err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	return a, nil
}

// await polls until the API takes connections, which it does when its containers are up. It asks for nothing: in some API any path is a
// function's.
func (a *API) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("sam local does not answer on %s: %w", a.address, ctx.Err())
		case <-a.exited:
			return fmt.Errorf("sam local ended before it answered: %s", a.said.reason())
		case <-ticker.C:
		}
		if connection, err := new(net.Dialer).DialContext(ctx, "tcp", a.address); err == nil {
			return connection.Close()
		}
	}
}

// Address is the host and port that it serves on.
func (a *API) Address() string { return a.address }

// Exited is closed when `sam local` has ended.
func (a *API) Exited() <-chan struct{} { return a.exited }

// Err tells why `sam local` has ended, once it has.
func (a *API) Err() error { return fmt.Errorf("sam local has ended: %s", a.said.reason()) }

// Stop ends it, at which it removes its containers.
func (a *API) Stop() error {
	child.EndGroup(a.command)
	var err error
	select {
	case <-a.exited:
	case <-time.After(stopLimit):
		child.KillGroup(a.command)
		<-a.exited
		err = errors.New("sam local did not stop when asked to: containers of it may be left (docker ps)")
	}
	a.spawner.Close()
	return errors.Join(err, a.clean())
}

// freePort finds a port that nobody has: SAM can't be told to take any free one.
func freePort() (string, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return "", fmt.Errorf("find a port for sam local: %w", err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, errors.Join(err, listener.Close())
}

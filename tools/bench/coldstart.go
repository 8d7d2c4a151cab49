package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"sallyport/tools/endtoend"
)

// buildFlags are those that functions are built with, as in the local run; the Makefile adds -buildvcs=false to them.
func buildFlags() []string {
	return []string{"-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w"}
}

func coldStarts(ctx context.Context, r *report, root, dir string) error {
	for _, folder := range []string{"./functions/authorizer", "./tools/bench/bare", "./tools/bench/clients"} {
		build := exec.CommandContext(ctx, "go", append(append([]string{"build", "-o", dir + "/"}, buildFlags()...), folder)...)
		build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", folder, err, out)
		}
	}
	w, err := build(ctx, root, few)
	if err != nil {
		return err
	}
	defer w.stop()
	event, err := authorizerEvent(root, w.token.Reveal())
	if err != nil {
		return err
	}
	environment, err := w.environment("authorizer")
	if err != nil {
		return err
	}
	authorizer := &function{program: filepath.Join(dir, "authorizer"), event: event, want: `"Effect":"Allow"`, environment: environment}
	bare := &function{program: filepath.Join(dir, "bare"), event: []byte("false"), want: "ok"}
	clients := &function{program: filepath.Join(dir, "clients"), event: []byte("false"), want: "ok", environment: []string{"AWS_REGION=us-east-1"}}

	const spawns = 101
	var polls, answers [3][]time.Duration
	for range spawns {
		for i, f := range []*function{bare, authorizer, clients} {
			start, err := f.start(ctx, 1)
			if err != nil {
				return err
			}
			polls[i], answers[i] = append(polls[i], start.poll), append(answers[i], start.answer)
		}
	}
	bareStart, ourStart := quantile(polls[0], 0.5), quantile(polls[1], 0.5)
	bareFirst, ourFirst := quantile(answers[0], 0.5), quantile(answers[1], 0.5)
	r.note("(f) spawn of a bare aws-lambda-go binary to its first poll", fmt.Sprintf("%.1f ms", milliseconds(bareStart)))
	r.note("(f) spawn of the authorizer to its first poll", fmt.Sprintf("%.1f ms", milliseconds(ourStart)))
	clientsStart := quantile(polls[2], 0.5)
	r.note("(f) spawn of a bare binary that imports the two AWS clients to its first poll", fmt.Sprintf("%.1f ms", milliseconds(clientsStart)))
	r.atMost("(f) authorizer ÷ bare with the two clients, to the first poll", ratio(ourStart, clientsStart), 1.1, "%.2f")
	r.atMost("(f) authorizer ÷ bare, to the first poll", ratio(ourStart, bareStart), 1.6, "%.2f")
	r.note("(f) spawn of the authorizer to its first authorized answer, with one read of the key, one Decrypt and one read of the record",
		fmt.Sprintf("%.1f ms", milliseconds(ourFirst)))
	r.atMost("(f) authorizer ÷ bare, to the first answer", ratio(ourFirst, bareFirst), 2.3, "%.2f")

	zipped, err := zipSize(authorizer.program)
	if err != nil {
		return err
	}
	r.atMost("(f) the authorizer's zip", float64(zipped)/(1<<20), 3.5, "%.2f MiB")
	long, err := authorizer.start(ctx, 2000)
	if err != nil {
		return err
	}
	r.atMost("(f) the authorizer's peak resident memory over 2,000 requests", float64(long.peakKiB)/1024, 16, "%.1f MiB")
	return nil
}

// authorizerEvent is the golden event with a live token in it.
func authorizerEvent(root, token string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, "events", "authorizer.json"))
	if err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	var event map[string]any
	if err := json.Unmarshal(text, &event); err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	event["resource"], event["path"], event["httpMethod"] = dashboard().Resource, dashboard().Resource, dashboard().Method
	event["headers"] = map[string]string{"Authorization": "Bearer " + token}
	event["multiValueHeaders"] = map[string][]string{"Authorization": {"Bearer " + token}}
	return json.Marshal(event)
}

// function is a binary that speaks the Lambda Runtime API.
type function struct {
	program     string
	environment []string
	event       []byte
	want        string // part of every right answer
}

// started is what one process took.
type started struct {
	poll    time.Duration // from its spawn to its first poll for an event
	answer  time.Duration // from its spawn to its first answer
	peakKiB int
}

// start spawns the binary, has it answer so many events, and ends it.
func (f *function) start(ctx context.Context, events int) (started, error) {
	var s started
	failed, done := make(chan error, 1), make(chan struct{})
	var began time.Time
	answered, polled := 0, false
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		if !polled {
			polled, s.poll = true, time.Since(began)
		}
		if answered == events {
			<-r.Context().Done()
			return
		}
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:bench")
		_, _ = w.Write(f.event)
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{kind}", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && !strings.Contains(string(body), f.want) {
			err = fmt.Errorf("%s answered %s", filepath.Base(f.program), body)
		}
		if err != nil {
			select {
			case failed <- err:
			default:
			}
		}
		if answered++; answered == 1 {
			s.answer = time.Since(began)
		}
		w.WriteHeader(http.StatusAccepted)
		if answered == events {
			close(done)
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return s, fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener) //nolint:errcheck // it ends with Close
	defer server.Close()      //nolint:errcheck // nothing is lost

	command := exec.CommandContext(ctx, f.program)
	command.Env = append([]string{"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String(), "GOMAXPROCS=1"}, f.environment...)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	began = time.Now()
	if err := command.Start(); err != nil {
		return s, fmt.Errorf("spawning %s: %w", f.program, err)
	}
	select {
	case <-done:
	case err = <-failed:
	case <-time.After(time.Minute):
		err = errors.New("no answer within a minute")
	}
	peak, unread := endtoend.PeakResident(command.Process.Pid)
	s.peakKiB = peak
	if killed := command.Process.Kill(); killed != nil {
		return s, fmt.Errorf("ending %s: %w", f.program, killed)
	}
	_ = command.Wait() // it was killed, and says so
	if err = errors.Join(err, unread); err != nil {
		return s, fmt.Errorf("%w\n%s", err, output.String())
	}
	return s, nil
}

// zipSize is what a deployment would upload.
func zipSize(program string) (int, error) {
	binary, err := os.ReadFile(program)
	if err != nil {
		return 0, fmt.Errorf("reading the binary: %w", err)
	}
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	entry, err := archive.Create("bootstrap")
	if err == nil {
		_, err = entry.Write(binary)
	}
	if err = errors.Join(err, archive.Close()); err != nil {
		return 0, fmt.Errorf("zipping: %w", err)
	}
	return out.Len(), nil
}

// Echo does what its event says.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do   string
	Text string
	N    int
}

type answer struct {
	PID         int
	Text        string
	Environment []string
	RequestID   string
	ARN         string
	Deadline    time.Time
}

func handle(ctx context.Context, e event) (any, error) {
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	switch e.Do {
	case "fail":
		return nil, errors.New(e.Text)
	case "panic":
		panic(e.Text)
	case "exit":
		os.Exit(e.N)
	case "sleep":
		time.Sleep(time.Duration(e.N) * time.Millisecond)
	case "large":
		return strings.Repeat("x", e.N), nil
	case "log":
		for i := range e.N {
			fmt.Printf("line %d of %s\n", i, e.Text)
		}
	case "child": // starts a process of its own, in its group, and says which
		command := exec.Command("/bin/sleep", "600")
		if err := command.Start(); err != nil {
			return nil, err
		}
		return answer{PID: os.Getpid(), Text: strconv.Itoa(command.Process.Pid)}, nil
	case "reader":
		return bytes.NewReader([]byte(`"read"`)), nil
	}
	return answer{os.Getpid(), e.Text, os.Environ(), lc.AwsRequestID, lc.InvokedFunctionArn, deadline}, nil
}

func main() {
	fmt.Fprintln(os.Stderr, "starting")
	lambda.Start(handle)
}

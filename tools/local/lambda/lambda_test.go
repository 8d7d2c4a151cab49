package lambda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/tools/local/gateway"
	"sallyport/tools/local/lambda"
	"sallyport/tools/local/template"
)

// binaryDir holds the fixture functions, built once.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "lambda-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
		if _, err := lambda.Build(context.Background(), dir, []template.Function{fixture("Echo"), fixture("Dies"), fixture("Silent"), fixture("Twice")}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if err := os.Setenv("LAMBDA_TEST_BINARIES", dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

func fixture(id string) template.Function {
	folder, err := filepath.Abs(filepath.Join("testdata", strings.ToLower(id)))
	if err != nil {
		panic(err)
	}
	return template.Function{LogicalID: id, Line: 12, CodeDir: folder, Timeout: 5 * time.Second, MemoryMiB: 128}
}

// logs collects what functions write.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func start(t *testing.T, o lambda.Options, functions ...template.Function) *lambda.Platform {
	t.Helper()
	binaries := map[string]string{}
	for _, f := range functions {
		binaries[f.LogicalID] = filepath.Join(os.Getenv("LAMBDA_TEST_BINARIES"), f.LogicalID, "bootstrap")
		if runtime.GOOS == "windows" {
			binaries[f.LogicalID] += ".exe"
		}
	}
	o.Region, o.AccountID = "us-east-1", "000000000000"
	p, err := lambda.New(functions, binaries, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return p
}

func invoke(t *testing.T, p *lambda.Platform, id, event string) gateway.Result {
	t.Helper()
	result, err := p.Invoke(t.Context(), id, []byte(event))
	if err != nil {
		t.Fatalf("invoke %s: %v", id, err)
	}
	return result
}

type answer struct {
	PID         int
	Text        string
	Environment []string
	RequestID   string
	ARN         string
	Deadline    time.Time
}

func echo(t *testing.T, p *lambda.Platform, event string) (answer, gateway.Result) {
	t.Helper()
	result := invoke(t, p, "Echo", event)
	var a answer
	if err := json.Unmarshal(result.Payload, &a); err != nil || result.FunctionError != "" {
		t.Fatalf("%s: %s %s %v", event, result.FunctionError, result.Payload, err)
	}
	return a, result
}

func wantError(t *testing.T, got gateway.Result, errorType, message string) {
	t.Helper()
	var e struct{ ErrorMessage, ErrorType string }
	if err := json.Unmarshal(got.Payload, &e); err != nil || got.FunctionError != "Unhandled" || e.ErrorType != errorType ||
		!regexp.MustCompile("^(?:"+message+")$").MatchString(e.ErrorMessage) {
		t.Errorf("got %q %s, want %s %s", got.FunctionError, got.Payload, errorType, message)
	}
}

// waitGone waits until no process of the pid is left.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	for range 200 {
		if !alive(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d still lives", pid)
}

const uuid = `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`

func TestAFunctionAnswersAndItsProcessIsUsedAgain(t *testing.T) {
	p := start(t, lambda.Options{}, fixture("Echo"))
	first, cold := echo(t, p, `{"Text":"one"}`)
	second, warm := echo(t, p, `{"Text":"two"}`)
	if first.Text != "one" || second.Text != "two" || first.PID != second.PID || !cold.Cold || warm.Cold {
		t.Errorf("%+v %+v %v %v", first, second, cold.Cold, warm.Cold)
	}
	if first.RequestID == second.RequestID || !regexp.MustCompile("^"+uuid+"$").MatchString(first.RequestID) {
		t.Errorf("request ids %s, %s", first.RequestID, second.RequestID)
	}
	if first.ARN != "arn:aws:lambda:us-east-1:000000000000:function:sallyport-local-Echo" {
		t.Error(first.ARN)
	}
	if left := time.Until(second.Deadline); left < 3*time.Second || left > 5*time.Second {
		t.Errorf("deadline in %v", left)
	}
}

func TestTheEnvironmentIsLambdasAndNothingOfTheDevelopers(t *testing.T) {
	t.Setenv("AWS_PROFILE", "production")
	t.Setenv("SECRET_OF_MINE", "x")
	f := fixture("Echo")
	f.Environment = map[string]string{"STAGE": "prod"}
	p := start(t, lambda.Options{Environment: map[string]string{"AWS_ENDPOINT_URL_KMS": "http://127.0.0.1:1"}}, f)
	got, _ := echo(t, p, `{}`)
	var names []string
	for _, pair := range got.Environment {
		name, value, _ := strings.Cut(pair, "=")
		if name != "_X_AMZN_TRACE_ID" { // set by the Go runtime client
			names = append(names, name)
		}
		if value == "" {
			t.Errorf("%s is empty", name)
		}
	}
	slices.Sort(names)
	want := "AWS_ACCESS_KEY_ID AWS_DEFAULT_REGION AWS_ENDPOINT_URL_KMS AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_NAME AWS_LAMBDA_FUNCTION_VERSION " +
		"AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME AWS_LAMBDA_RUNTIME_API AWS_REGION AWS_SECRET_ACCESS_KEY " +
		"AWS_SESSION_TOKEN GOMAXPROCS LAMBDA_TASK_ROOT LANG PATH STAGE TZ _HANDLER"
	if runtime.GOOS != "windows" && strings.Join(names, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(names, " "), want)
	}
	if !slices.Contains(got.Environment, "AWS_ACCESS_KEY_ID="+lambda.AccessKeyID("Echo")) || lambda.AccessKeyID("Echo") == lambda.AccessKeyID("Other") {
		t.Errorf("the access key id does not name the function")
	}
}

func TestAReservedVariableInTheTemplateIsRefused(t *testing.T) {
	f := fixture("Echo")
	f.Environment = map[string]string{"AWS_REGION": "eu-west-1"}
	if _, err := lambda.New([]template.Function{f}, nil, lambda.Options{}); err == nil || !strings.Contains(err.Error(), "Echo (line 12 of the template) sets the environment variable AWS_REGION") {
		t.Error(err)
	}
}

func TestAnErrorOfTheHandlerIsGivenAsLambdaGivesIt(t *testing.T) {
	p := start(t, lambda.Options{}, fixture("Echo"))
	wantError(t, invoke(t, p, "Echo", `{"Do":"fail","Text":"Unauthorized"}`), "errorString", "Unauthorized")
	before, _ := echo(t, p, `{}`)
	wantError(t, invoke(t, p, "Echo", `{"Do":"panic","Text":"oops"}`), "string", "oops")
	after, result := echo(t, p, `{}`)
	if before.PID == after.PID || !result.Cold {
		t.Errorf("a process that panicked was used again")
	}
	if got := invoke(t, p, "Echo", `{"Do":"reader"}`); string(got.Payload) != `"read"` {
		t.Errorf("a reader: %s", got.Payload)
	}
}

func TestACrashIsReportedAndTheProcessReplaced(t *testing.T) {
	p := start(t, lambda.Options{}, fixture("Echo"))
	before, _ := echo(t, p, `{}`)
	wantError(t, invoke(t, p, "Echo", `{"Do":"exit","N":3}`), "Runtime.ExitError", "RequestId: "+uuid+" Error: Runtime exited with error: exit status 3")
	wantError(t, invoke(t, p, "Echo", `{"Do":"exit","N":0}`), "Runtime.ExitError", "RequestId: "+uuid+" Error: Runtime exited with error: exit status 0")
	if after, _ := echo(t, p, `{}`); after.PID == before.PID {
		t.Errorf("still process %d", after.PID)
	}
}

func TestAnIdleProcessThatIsKilledIsReplacedUnseen(t *testing.T) {
	p := start(t, lambda.Options{}, fixture("Echo"))
	for range 20 {
		first, _ := echo(t, p, `{}`)
		process, err := os.FindProcess(first.PID)
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Kill(); err != nil {
			t.Fatal(err)
		}
		waitGone(t, first.PID)
		if second, _ := echo(t, p, `{}`); second.PID == first.PID {
			t.Errorf("answered by the dead")
		}
	}
}

func TestATimeoutKillsTheProcessAndWhatItStarted(t *testing.T) {
	f := fixture("Echo")
	f.Timeout = 300 * time.Millisecond
	p := start(t, lambda.Options{}, f)
	parent, _ := echo(t, p, `{"Do":"child"}`)
	begin := time.Now()
	wantError(t, invoke(t, p, "Echo", `{"Do":"sleep","N":60000}`), "Sandbox.Timedout", `[-0-9]+T[:.0-9]+Z `+uuid+` Task timed out after 0\.30 seconds`)
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
	waitGone(t, parent.PID)
	var child int
	if _, err := fmt.Sscan(parent.Text, &child); err != nil {
		t.Fatal(err)
	}
	waitGone(t, child)
	if after, _ := echo(t, p, `{}`); after.PID == parent.PID {
		t.Errorf("the process outlived its timeout")
	}
}

func TestAProcessServesOneRequestAtATimeAndThePoolGrowsToItsLimit(t *testing.T) {
	p := start(t, lambda.Options{MaxProcesses: 3}, fixture("Echo"))
	var wg sync.WaitGroup
	var mu sync.Mutex
	pids := map[int]int{}
	begin := time.Now()
	for range 12 {
		wg.Go(func() {
			a, _ := echo(t, p, `{"Do":"sleep","N":100}`)
			mu.Lock()
			defer mu.Unlock()
			pids[a.PID]++
		})
	}
	wg.Wait()
	if len(pids) != 3 || len(p.Processes("Echo")) != 3 {
		t.Errorf("processes: %v", pids)
	}
	if took := time.Since(begin); took < 400*time.Millisecond {
		t.Errorf("12 requests of 100 ms in 3 processes took %v: two at once in one", took)
	}
}

func TestTheProcessUsedLastIsUsedNext(t *testing.T) {
	p := start(t, lambda.Options{}, fixture("Echo"))
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { echo(t, p, `{"Do":"sleep","N":100}`) })
	}
	wg.Wait()
	time.Sleep(50 * time.Millisecond) // until all have polled
	first, _ := echo(t, p, `{}`)
	for range 10 {
		time.Sleep(5 * time.Millisecond) // until it has polled
		if next, _ := echo(t, p, `{}`); next.PID != first.PID {
			t.Errorf("process %d after %d", next.PID, first.PID)
		}
	}
}

func TestACallerThatGivesUpLeavesNothingBehind(t *testing.T) {
	p := start(t, lambda.Options{MaxProcesses: 1}, fixture("Echo"))
	first, _ := echo(t, p, `{}`)
	var wg sync.WaitGroup
	for range 5 { // one is being served, four wait
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := p.Invoke(ctx, "Echo", []byte(`{"Do":"sleep","N":200}`)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if after, _ := echo(t, p, `{}`); after.PID != first.PID {
		t.Errorf("the process was lost")
	}
}

func TestAFunctionThatDiesAtItsStartIsReportedWithItsOwnWords(t *testing.T) {
	for how, want := range map[string]struct{ warm, errorType, message string }{
		"log":    {`the setting ACCOUNTS_TABLE is missing \(exit status 1\)`, "Runtime.ExitError", "RequestId: " + uuid + " Error: Runtime exited with error: exit status 1"},
		"panic":  {`panic: no idea what to do \(exit status 2\)`, "Runtime.ExitError", "RequestId: " + uuid + " Error: Runtime exited with error: exit status 2"},
		"report": {`\{"errorMessage":"reported","errorType":"Init"\}`, "Init", "reported"},
	} {
		f := fixture("Dies")
		f.Environment = map[string]string{"HOW": how}
		p := start(t, lambda.Options{}, f)
		err := p.Warm(t.Context(), []template.Function{f})
		if err == nil || !regexp.MustCompile(`^Dies \(line 12 of the template\) does not start: `+want.warm+"$").MatchString(err.Error()) {
			t.Errorf("%s: %v", how, err)
		}
		var wg sync.WaitGroup
		for range 8 { // more than there are processes: each is told
			wg.Go(func() { wantError(t, invoke(t, p, "Dies", `{}`), want.errorType, want.message) })
		}
		wg.Wait()
	}
}

func TestAFunctionThatNeverPollsIsGivenUp(t *testing.T) {
	p := start(t, lambda.Options{InitLimit: 200 * time.Millisecond}, fixture("Silent"))
	if err := p.Warm(t.Context(), []template.Function{fixture("Silent")}); err == nil || !strings.Contains(err.Error(), "no first poll within 200ms") {
		t.Error(err)
	}
	if left := p.Processes("Silent"); len(left) > 0 {
		t.Errorf("still there: %v", left)
	}
}

func TestAProcessStartedInAdvanceIsWarm(t *testing.T) {
	p := start(t, lambda.Options{}, fixture("Echo"))
	if err := p.Warm(t.Context(), []template.Function{fixture("Echo")}); err != nil {
		t.Fatal(err)
	}
	if _, result := echo(t, p, `{}`); result.Cold {
		t.Error("cold")
	}
}

func TestPayloadsOverSixMegabytesAreRefused(t *testing.T) {
	p := start(t, lambda.Options{}, fixture("Echo"))
	if _, err := p.Invoke(t.Context(), "Echo", make([]byte, 6<<20+1)); !errors.Is(err, lambda.ErrRequestTooLarge) {
		t.Errorf("request: %v", err)
	}
	if got := invoke(t, p, "Echo", `{"Do":"large","N":6291454}`); got.FunctionError != "" || len(got.Payload) != 6<<20 {
		t.Errorf("a response of 6 MB: %s %d bytes", got.FunctionError, len(got.Payload))
	}
	wantError(t, invoke(t, p, "Echo", `{"Do":"large","N":6291455}`), "Function.ResponseSizeTooLarge", `Response payload size exceeded maximum allowed payload size \(6291456 bytes\)\.`)
	echo(t, p, `{}`)
}

func TestAProcessThatBreaksTheRulesOfTheRuntimeAPIIsRefused(t *testing.T) {
	p := start(t, lambda.Options{MaxProcesses: 1}, fixture("Twice"))
	for _, want := range []string{
		"[403,400,403,404]",         // polls again, answers another id, reports a failed start, calls what isn't there
		"[400,400,403,400,403,404]", // and before that answered what was answered
	} {
		if got := invoke(t, p, "Twice", `{}`); string(got.Payload) != want {
			t.Errorf("got %s, want %s", got.Payload, want)
		}
	}
}

func TestLogLinesAreWholeAndNameTheirFunction(t *testing.T) {
	out := new(logs)
	p := start(t, lambda.Options{Logs: out}, fixture("Echo"))
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() { invoke(t, p, "Echo", fmt.Sprintf(`{"Do":"log","N":100,"Text":"writer %d"}`, i)) })
	}
	wg.Wait()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	count := 0
	for line := range strings.Lines(out.String()) {
		if !regexp.MustCompile(`^Echo \| (starting|line \d+ of writer \d)\n$`).MatchString(line) {
			t.Errorf("line %q", line)
		}
		if strings.Contains(line, "writer") {
			count++
		}
	}
	if count != 400 {
		t.Errorf("%d lines of 400", count)
	}
}

func TestClosingKillsEverythingAndFailsWhatIsRunning(t *testing.T) {
	p := start(t, lambda.Options{}, fixture("Echo"))
	idle, _ := echo(t, p, `{"Do":"child"}`)
	failed := make(chan error)
	go func() {
		_, err := p.Invoke(context.Background(), "Echo", []byte(`{"Do":"sleep","N":60000}`))
		failed <- err
	}()
	time.Sleep(50 * time.Millisecond)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := <-failed; !errors.Is(err, lambda.ErrClosed) {
		t.Errorf("the running invocation: %v", err)
	}
	waitGone(t, idle.PID)
	if _, err := p.Invoke(t.Context(), "Echo", []byte(`{}`)); !errors.Is(err, lambda.ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
}

func TestEachFunctionIsStartedOnceAndOneThatFailsEndsTheStartAtOnce(t *testing.T) {
	var functions []template.Function
	binaries := map[string]string{}
	for i := range 20 {
		f := fixture("Echo")
		f.LogicalID = fmt.Sprintf("Echo%d", i)
		functions = append(functions, f)
		binaries[f.LogicalID] = filepath.Join(os.Getenv("LAMBDA_TEST_BINARIES"), "Echo", "bootstrap"+exe())
	}
	for _, id := range []string{"Silent", "Dies"} {
		functions = append(functions, fixture(id))
		binaries[id] = filepath.Join(os.Getenv("LAMBDA_TEST_BINARIES"), id, "bootstrap"+exe())
	}
	p, err := lambda.New(functions, binaries, lambda.Options{InitLimit: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Warm(t.Context(), functions[:20]); err != nil {
		t.Fatal(err)
	}
	for _, f := range functions[:20] {
		if n := len(p.Processes(f.LogicalID)); n != 1 {
			t.Errorf("%s has %d processes", f.LogicalID, n)
		}
	}
	begin := time.Now()
	if err := p.Warm(t.Context(), functions); err == nil || !strings.Contains(err.Error(), "Dies (line 12 of the template) does not start") {
		t.Error(err)
	}
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("it waited %v for one that says nothing", took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := p.Warm(ctx, functions[20:21]); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("given up: %v", err)
	}
}

func exe() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

func TestAnUnknownFunctionIsAnError(t *testing.T) {
	if _, err := start(t, lambda.Options{}).Invoke(t.Context(), "Nobody", nil); err == nil || !strings.Contains(err.Error(), "no such function") {
		t.Error(err)
	}
}

func TestAFunctionThatDoesNotBuildIsNamedWithTheFirstError(t *testing.T) {
	for id, want := range map[string]string{
		"Broken":  `^Broken \(.*testdata.broken\) does not build: .*main.go:4:15: undefined: undefinedFunction$`,
		"Library": `^Library \(.*testdata.library\) does not build: it is not a main package$`,
	} {
		_, err := lambda.Build(t.Context(), t.TempDir(), []template.Function{fixture("Echo"), fixture(id)})
		if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestFunctionsMayShareAFolder(t *testing.T) {
	other := fixture("Echo")
	other.LogicalID = "Other"
	built, err := lambda.Build(t.Context(), t.TempDir(), []template.Function{fixture("Echo"), other})
	if err != nil || len(built) != 2 || built["Echo"] == built["Other"] {
		t.Errorf("%v %v", built, err)
	}
}

func BenchmarkInvoke(b *testing.B) {
	p, err := lambda.New([]template.Function{fixture("Echo")}, map[string]string{"Echo": filepath.Join(os.Getenv("LAMBDA_TEST_BINARIES"), "Echo", "bootstrap")}, lambda.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	for b.Loop() {
		if _, err := p.Invoke(b.Context(), "Echo", []byte(`{"Do":"fail"}`)); err != nil {
			b.Fatal(err)
		}
	}
}

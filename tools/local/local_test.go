package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/tools/local/awsjson"
	"sallyport/tools/local/dynamodb"
	"sallyport/tools/local/kms"
	"sallyport/tools/local/lambda"
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "local-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
		program := filepath.Join(dir, "local.exe")
		if output, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, output)
			return 1
		}
		if err := os.Setenv("LOCAL_TEST_PROGRAM", program); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// program is a run of the real thing.
type program struct {
	t         *testing.T
	command   *exec.Cmd
	output    *buffer
	done      chan struct{} // closed when it has ended
	temporary string        // where its temporary folders go
	stateFile string
}

type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

type state struct {
	URL             string            `json:"url"`
	PID             int               `json:"pid"`
	AdminInvitation string            `json:"admin_invitation"`
	DynamoDBURL     string            `json:"dynamodb_url"`
	KMSURL          string            `json:"kms_url"`
	KMSKeyID        string            `json:"kms_key_id"`
	Tables          map[string]string `json:"tables"`
}

func launch(t *testing.T, arguments ...string) *program {
	t.Helper()
	p := &program{t: t, output: new(buffer), done: make(chan struct{}), temporary: t.TempDir(), stateFile: filepath.Join(t.TempDir(), "deep", "state.json")}
	arguments = append([]string{"-addr", "127.0.0.1:0", "-template", "testdata/template.yaml", "-state", p.stateFile}, arguments...)
	p.command = exec.Command(os.Getenv("LOCAL_TEST_PROGRAM"), arguments...)
	p.command.Env = append(os.Environ(), "TMPDIR="+p.temporary)
	p.command.Stdout, p.command.Stderr = p.output, p.output
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.command.Wait() //nolint:errcheck // the tests look at the exit code
		close(p.done)
	}()
	t.Cleanup(func() {
		if err := p.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("kill the program: %v", err)
		}
		<-p.done
	})
	return p
}

// serve launches the program and waits until it answers.
func serve(t *testing.T, arguments ...string) (*program, state) {
	t.Helper()
	p := launch(t, arguments...)
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		select {
		case <-p.done:
			t.Fatalf("ended: %s", p.output)
		default:
		}
		if _, err := os.Stat(p.stateFile); err == nil {
			return p, p.state()
		}
	}
	t.Fatalf("does not start: %s", p.output)
	return nil, state{}
}

func (p *program) state() state {
	p.t.Helper()
	content, err := os.ReadFile(p.stateFile)
	if err != nil {
		p.t.Fatal(err)
	}
	var s state
	if err := json.Unmarshal(content, &s); err != nil {
		p.t.Fatal(err)
	}
	return s
}

// exit waits for the end and returns the exit code.
func (p *program) exit() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(2 * time.Minute):
		p.t.Fatalf("does not end: %s", p.output)
	}
	return p.command.ProcessState.ExitCode()
}

func (p *program) signal(s os.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// wantNothingLeft checks that neither files nor processes are left.
func (p *program) wantNothingLeft() {
	p.t.Helper()
	if left, err := os.ReadDir(p.temporary); err != nil || len(left) > 0 {
		p.t.Errorf("temporary files left: %v %v", left, err)
	}
	if left, err := os.ReadDir(filepath.Dir(p.stateFile)); err == nil && len(left) > 0 {
		p.t.Errorf("state left: %v", left)
	}
	p.wantNoProcesses()
}

func (p *program) wantNoProcesses() {
	p.t.Helper()
	if runtime.GOOS != "linux" {
		return
	}
	for range 100 {
		if len(p.functionProcesses()) == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.t.Errorf("processes left: %v", p.functionProcesses())
}

// functionProcesses finds the processes whose program lies in the run's temporary folder.
func (p *program) functionProcesses() []string {
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		p.t.Fatal(err)
	}
	var found []string
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, p.temporary) {
			found = append(found, target)
		}
	}
	return found
}

func call(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer x")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

func client(url string) *awsdynamodb.Client {
	return awsdynamodb.New(awsdynamodb.Options{Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("a", "b", "c")})
}

func TestItServesSaysWhereAndLeavesNothingBehind(t *testing.T) {
	p, s := serve(t)
	if info, err := os.Stat(p.stateFile); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("state file: %v %v", info.Mode(), err)
	}
	if s.PID != p.command.Process.Pid || s.AdminInvitation != "invitation-1" || s.KMSKeyID == "" || s.Tables["Things"] != "sallyport-local-ThingsTable" {
		t.Errorf("state: %+v", s)
	}
	if status, body := call(t, http.MethodPost, s.URL+"/register", `{}`); status != http.StatusCreated {
		t.Errorf("register: %d %s", status, body)
	}
	row, err := client(s.DynamoDBURL).GetItem(t.Context(), &awsdynamodb.GetItemInput{TableName: aws.String(s.Tables["Things"]), Key: map[string]types.AttributeValue{
		"owner": &types.AttributeValueMemberS{Value: "ana"}, "number": &types.AttributeValueMemberS{Value: "1"}}})
	if err != nil || row.Item["sealed"] == nil {
		t.Errorf("the row: %v %v", row, err)
	}
	ttl, err := client(s.DynamoDBURL).DescribeTimeToLive(t.Context(), &awsdynamodb.DescribeTimeToLiveInput{TableName: aws.String(s.Tables["Things"])})
	if err != nil || aws.ToString(ttl.TimeToLiveDescription.AttributeName) != "expires_at" {
		t.Errorf("time to live: %v", err)
	}
	call(t, http.MethodGet, s.URL+"/slow", "")
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d: %s", code, p.output)
	}
	for _, want := range []string{"answers on " + s.URL, "invitation-1", "curl ", " POST /register 201 ", " GET /slow 200 ", " ms warm\n"} {
		if !strings.Contains(p.output.String(), want) {
			t.Errorf("does not print %q:\n%s", want, p.output)
		}
	}
	p.wantNothingLeft()
}

func TestAUsedInvitationIsReplacedBeforeTheAnswerArrives(t *testing.T) {
	p, s := serve(t, "-quiet")
	for _, step := range []struct{ body, want string }{
		{`{"invitation":"another"}`, "invitation-1"},
		{`{"invitation":"invitation-1"}`, "invitation-2"},
		{`{"invitation":"invitation-1"}`, "invitation-2"},
		{`{"invitation":"\u0069nvitation-2"}`, "invitation-3"},
	} {
		call(t, http.MethodPost, s.URL+"/register", step.body)
		if got := p.state().AdminInvitation; got != step.want {
			t.Errorf("after %s: %s, want %s", step.body, got, step.want)
		}
	}
	p.signal(os.Interrupt)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if strings.Contains(p.output.String(), "POST /register 201") {
		t.Errorf("not quiet: %s", p.output)
	}
	p.wantNothingLeft()
}

func TestASecondSignalDoesNotWait(t *testing.T) {
	p, s := serve(t, "-param", "SlowMilliseconds=60000")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/slow", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer x")
	go http.DefaultClient.Do(request) //nolint:errcheck // it is cut off
	time.Sleep(200 * time.Millisecond)
	begin := time.Now()
	p.signal(os.Interrupt)
	time.Sleep(50 * time.Millisecond)
	p.signal(os.Interrupt)
	if code := p.exit(); code != 0 || time.Since(begin) > 1500*time.Millisecond {
		t.Errorf("exit code %d after %v", code, time.Since(begin))
	}
	p.wantNothingLeft()
}

func TestKilledOutrightItTakesItsFunctionsAlong(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells a process of its parent's death")
	}
	p, _ := serve(t)
	if got := len(p.functionProcesses()); got != 4 {
		t.Errorf("%d processes, want one a function", got)
	}
	if err := p.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.exit()
	p.wantNoProcesses()
	second := launch(t, "-state", p.stateFile) // what the dead one left is no obstacle
	second.stateFile = p.stateFile
	for range 1000 {
		if s := p.state(); s.PID == second.command.Process.Pid {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("the stale state file stays: %s", second.output)
}

// variant writes the template with one text in the place of another, and returns its path.
func variant(t *testing.T, old, replacement string) string {
	t.Helper()
	template, err := os.ReadFile("testdata/template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(template), old) {
		t.Fatalf("the template has no %q", old)
	}
	folders, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	relative, err := filepath.Rel(dir, folders)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(template), old, replacement, 1)
	text = strings.ReplaceAll(text, "CodeUri: ", "CodeUri: "+filepath.ToSlash(relative)+"/")
	path := filepath.Join(dir, "template.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEveryFailureIsOneLineThatSaysWhatToDo(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	for what, c := range map[string]struct {
		arguments []string
		want      []string
	}{
		"port in use":              {[]string{"-addr", busy.Addr().String()}, []string{busy.Addr().String(), "another address with -addr"}},
		"sam's port in use":        {[]string{"-sam", busy.Addr().String()}, []string{busy.Addr().String(), "another address with -sam"}},
		"not loopback":             {[]string{"-addr", "0.0.0.0:0"}, []string{"-addr 0.0.0.0:0", "loopback", "127.0.0.1:3000"}},
		"sam not on loopback":      {[]string{"-sam", "0.0.0.0:0"}, []string{"-sam 0.0.0.0:0", "loopback", "127.0.0.1:3001"}},
		"no host":                  {[]string{"-addr", ":0"}, []string{"loopback"}},
		"not an address":           {[]string{"-addr", "somewhere"}, []string{"-addr somewhere", "127.0.0.1:3000"}},
		"not an address for sam":   {[]string{"-sam", "somewhere"}, []string{"-sam somewhere", "127.0.0.1:3001"}},
		"no template":              {[]string{"-template", "testdata/none.yaml"}, []string{"testdata/none.yaml"}},
		"unknown parameter":        {[]string{"-param", "Nothing=1"}, []string{"Nothing"}},
		"parameter out of range":   {[]string{"-param", "SlowMilliseconds=0"}, []string{"SlowMilliseconds"}},
		"parameter without value":  {[]string{"-param", "SlowMilliseconds"}, []string{"Name=Value"}},
		"unknown option":           {[]string{"-fast"}, []string{"-fast", "-h"}},
		"stray argument":           {[]string{"serve"}, []string{"serve", "-h"}},
		"no processes":             {[]string{"-pool", "0"}, []string{"-pool"}},
		"no stack's name":          {[]string{"-stack", ""}, []string{"-stack", "begin with a letter"}},
		"not a stack's name":       {[]string{"-stack", "my_stack"}, []string{"-stack", `"my_stack"`, "letters, digits and hyphens"}},
		"a long stack's name":      {[]string{"-stack", strings.Repeat("s", 129)}, []string{"-stack", "at most 128"}},
		"not a URL":                {[]string{"-dynamodb", "localhost:8000"}, []string{"-dynamodb", "http://"}},
		"nobody at the DynamoDB":   {[]string{"-dynamodb", "http://" + nobody.Addr().String()}, []string{nobody.Addr().String(), "is it running?"}},
		"nobody at the KMS":        {[]string{"-kms", "http://" + nobody.Addr().String()}, []string{nobody.Addr().String(), "is it running?"}},
		"function doesn't build":   {[]string{"-template", variant(t, "CodeUri: slow", "CodeUri: broken")}, []string{"SlowFunction", "broken", "main.go:4:15: undefined: undefinedFunction"}},
		"function dies at init":    {[]string{"-template", variant(t, "CodeUri: slow", "CodeUri: needy")}, []string{"SlowFunction", "the setting THINGS_TABLE is missing", "exit status 1"}},
		"policy without a table":   {[]string{"-template", variant(t, "!GetAtt ThingsTable.Arn", "!GetAtt Nothing.Arn")}, []string{"template.yaml:46: RegisterFunction", `"Nothing"`}},
		"policy on no such table":  {[]string{"-template", variant(t, "!GetAtt ThingsTable.Arn", "arn:aws:dynamodb:us-east-1:123456789012:table/Nothing")}, []string{"template.yaml:46: RegisterFunction", "no table, key or function of this template"}},
		"managed policy":           {[]string{"-template", variant(t, "CodeUri: slow", "CodeUri: slow\n      Policies: AmazonDynamoDBFullAccess")}, []string{"template.yaml:75: SlowFunction", "write its statements out"}},
		"reserved variable":        {[]string{"-template", variant(t, "MILLISECONDS:", "AWS_REGION:")}, []string{"SlowFunction", "AWS_REGION"}},
		"no invitation to be made": {[]string{"-template", variant(t, "CodeUri: invitations", "CodeUri: slow\n      Environment: {Variables: {MILLISECONDS: 1}}")}, []string{"ADMIN invitation", "InvitationsFunction"}},
	} {
		t.Run(what, func(t *testing.T) {
			p := launch(t, c.arguments...)
			code := p.exit()
			text, _ := strings.CutPrefix(p.output.String(), "Building 4 functions…\n")
			var lines []string
			for line := range strings.Lines(text) {
				if !strings.Contains(line, " | ") { // a function's log
					lines = append(lines, line)
				}
			}
			if code != 1 || len(lines) != 1 || !strings.HasPrefix(lines[0], "local: ") {
				t.Errorf("exit code %d, %q", code, p.output)
			}
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("does not say %q: %s", want, text)
				}
			}
			p.wantNothingLeft()
		})
	}
}

func TestAStateFileOfARunThatAnswersIsNotOverwritten(t *testing.T) {
	p, s := serve(t)
	second := launch(t, "-state", p.stateFile)
	if code := second.exit(); code != 1 || !strings.Contains(second.output.String(), fmt.Sprintf("process %d", s.PID)) || !strings.Contains(second.output.String(), "-state") {
		t.Errorf("exit code %d: %s", code, second.output)
	}
	if p.state().PID != s.PID {
		t.Error("the file was overwritten")
	}
}

func TestServersThatRunAlreadyAreUsedAsTheyAre(t *testing.T) {
	var mu sync.Mutex
	callers := map[string]bool{}
	database, keys := dynamodb.NewServer(), kms.NewServer()
	database.Intercept(func(c awsjson.Call) error {
		mu.Lock()
		defer mu.Unlock()
		callers[c.AccessKeyID] = true
		return nil
	})
	databaseServer, keyServer := httptest.NewServer(database), httptest.NewServer(keys)
	defer databaseServer.Close()
	defer keyServer.Close()
	arguments := []string{"-dynamodb", databaseServer.URL, "-kms", keyServer.URL}
	for range 2 { // the second time the table is there, with its row
		p, s := serve(t, arguments...)
		if s.DynamoDBURL != databaseServer.URL || s.KMSURL != keyServer.URL {
			t.Errorf("state: %+v", s)
		}
		if status, body := call(t, http.MethodPost, s.URL+"/register", "{}"); status != http.StatusCreated {
			t.Errorf("register: %d %s", status, body)
		}
		p.signal(syscall.SIGTERM)
		p.exit()
		p.wantNothingLeft()
	}
	page, err := client(databaseServer.URL).Scan(context.Background(), &awsdynamodb.ScanInput{TableName: aws.String("sallyport-local-ThingsTable")})
	if err != nil || page.Count != 1 {
		t.Errorf("rows: %v %v", page, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !callers[lambda.AccessKeyID("RegisterFunction")] || callers[lambda.AccessKeyID("SlowFunction")] {
		t.Errorf("callers: %v", callers)
	}
}

func TestEveryAnswerComesWithinTenSecondsWhenMoreHangThanThereAreProcesses(t *testing.T) {
	_, s := serve(t, "-param", "SlowMilliseconds=60000", "-pool", "2", "-quiet")
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			begin := time.Now()
			status, body := call(t, http.MethodGet, s.URL+"/slow", "")
			if took := time.Since(begin); took > 10*time.Second || status < 500 {
				t.Errorf("%d after %v: %s", status, took, body)
			}
		})
	}
	wg.Wait()
}

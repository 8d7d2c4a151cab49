package main

import (
	"context"
	"fmt"
	"net"

	"sallyport/tools/local/gateway"
	"sallyport/tools/local/template"
)

// authorizerParameter is the parameter by which another stack's template is told whom to ask.
const authorizerParameter = "AuthorizerFunctionArn"

// attach loads the template of another API that asks the authorizer of stack, as it would after a deployment of both. An empty
// path is no template.
func attach(path string, stack *template.Stack, o template.Options) (*template.Stack, error) {
	if path == "" {
		return &template.Stack{}, nil
	}
	if stack.API.Authorizer == nil {
		return nil, fmt.Errorf("-attach %s: the API has no authorizer to ask", path)
	}
	authorizer := stack.API.Authorizer.FunctionID
	arn := "arn:" + template.Partition + ":lambda:" + template.Region + ":" + template.AccountID + ":function:" + o.Physical(authorizer, "AWS::Serverless::Function")
	o.Parameters = map[string]string{authorizerParameter: arn}
	o.Elsewhere = map[string]string{arn: authorizer}
	attached, err := template.Load(path, o)
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	for _, d := range declarations(stack) {
		taken[d.logicalID] = true
	}
	for _, d := range declarations(attached) {
		if taken[d.logicalID] {
			return nil, fmt.Errorf("%s:%d: %s: the other template has that logical id too; rename it, so that the local run can tell them apart",
				path, d.line, d.logicalID)
		}
	}
	return attached, nil
}

// declaration is where a template declares something that the local run knows by its logical id.
type declaration struct {
	logicalID string
	line      int
}

func declarations(stack *template.Stack) (all []declaration) {
	for _, f := range stack.Functions {
		all = append(all, declaration{f.LogicalID, f.Line})
	}
	for _, t := range stack.Tables {
		all = append(all, declaration{t.LogicalID, t.Line})
	}
	for _, k := range stack.Keys {
		all = append(all, declaration{k.LogicalID, k.Line})
	}
	return all
}

// serveAttached serves the attached API until ctx is done, and returns its URL. Without one the URL is empty.
func (s *system) serveAttached(ctx context.Context) (string, error) {
	if s.options.attach == "" {
		return "", nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for %s: %w", s.options.attach, err)
	}
	server := newServer(withDeadline(gateway.New(s.attached.API, deadlineInvoker{s.platform}, gateway.Options{
		Region: template.Region, AccountID: template.AccountID, APIID: "attached", Log: s.logRequest, Throttle: s.options.throttle,
	})), s.out)
	go server.Serve(listener)                         //nolint:errcheck // returns when the server is closed
	context.AfterFunc(ctx, func() { server.Close() }) //nolint:errcheck // the run is over
	return "http://" + listener.Addr().String(), nil
}

package gateway

import (
	"bytes"
	"context"
	"errors"
	"net/http"
)

// integrate hands the request to the route's function and turns its answer into a response.
func (g *gateway) integrate(ctx context.Context, x *exchange) (response, *failure) {
	body, f := readBody(x)
	if f != nil {
		return response{}, f
	}
	payload, err := g.proxyPayload(x, body)
	if err != nil {
		return response{}, badGateway("the event could not be encoded: " + err.Error())
	}
	// Lambda refuses a larger event with 413 RequestEntityTooLargeException ("Invoke", errors), and so the gateway.
	if len(payload) > maxInvocationBytes {
		return response{}, tooLarge("the event is over Lambda's 6 MB")
	}
	result, f := g.invoke(ctx, x, x.route.FunctionID, payload)
	switch {
	case f != nil:
		return response{}, f
	case result.FunctionError != "":
		return response{}, badGateway("the function ended in an error")
	case len(result.Payload) > maxInvocationResult:
		return response{}, badGateway("the function's answer is over Lambda's 6 MB")
	}
	answer, err := parseAnswer(result.Payload)
	if err != nil {
		return response{}, badGateway("malformed Lambda proxy response: " + err.Error())
	}
	if f := g.decodeBody(x, &answer); f != nil {
		return response{}, f
	}
	answer.header.Set("X-Amzn-Trace-Id", g.describe(x).headers["X-Amzn-Trace-Id"])
	return answer, nil
}

// readBody reads the whole body, within the service's limit.
func readBody(x *exchange) ([]byte, *failure) {
	if x.request.ContentLength == 0 {
		return nil, nil
	}
	var buffer bytes.Buffer
	if length := x.request.ContentLength; length > 0 {
		buffer.Grow(int(min(length, maxBodyPreallocation)))
	}
	_, err := buffer.ReadFrom(http.MaxBytesReader(x.writer, x.request.Body, maxRequestBodyBytes))
	if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
		return nil, tooLarge("the body is over 10 MB")
	}
	if err != nil {
		return nil, badRequest(http.StatusBadRequest, "Bad Request", "the body did not arrive whole")
	}
	return buffer.Bytes(), nil
}

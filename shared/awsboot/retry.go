package awsboot

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
)

// Bounds of a call, its retries included. The shortest time limit of a function is the authorizer's 4 s; package apigw keeps
// part of each limit for the answer, by ending the context that calls are made with.
const (
	attempts   = 3
	maxBackoff = 200 * time.Millisecond // the SDK waits a random part of it; its own bound is 20 s

	// CallLimit is after how long a call is given up on.
	CallLimit = attempts*attemptTimeout + (attempts-1)*maxBackoff
)

// newRetryer returns the SDK's standard retryer, one for each client: throttling, server errors, timeouts and lost
// connections are tried again after a short random wait, as long as its bucket of retry tokens lasts.
func newRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.MaxBackoff = maxBackoff
		o.Retryables = append(o.Retryables, expiredSignature())
	})
}

// expiredSignature has a call that was signed by a stale clock signed anew. When a frozen environment thaws, its clock may
// lag for a moment, so that the first call is refused as expired ("Signature expired: ... is now earlier than ..."). The SDK
// retries such an error only if the clock is still off by four minutes when the answer arrives (aws/retry, wrapAsClockSkew);
// by then it has usually been set right. A signature that is wrong for another reason costs two attempts in vain.
func expiredSignature() retry.IsErrorRetryable {
	return retry.RetryableErrorCode{Codes: map[string]struct{}{
		"InvalidSignatureException": {}, // what DynamoDB and KMS answer
		"RequestExpired":            {}, // what their references list (Common Errors)
		"RequestTimeTooSkewed":      {},
	}}
}

// limitCall bounds a whole call by CallLimit. The sum of the attempts is no bound: a service may ask, in
// X-Amz-Retry-After, for a wait of up to 5 s before each retry.
func limitCall(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("LimitCall", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		ctx, cancel := context.WithTimeout(ctx, CallLimit)
		defer cancel()
		return next.HandleInitialize(ctx, in)
	}), middleware.Before)
}

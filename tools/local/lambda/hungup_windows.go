package lambda

import "context"

// hungUp tells whether the process at the other end of a request's connection has closed it.
func hungUp(ctx context.Context) bool { return ctx.Err() != nil }

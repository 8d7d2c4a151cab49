package apigw

import (
	"context"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"sallyport/shared/apperr"
)

// line writes the one log line of each event. The JSON encoder escapes control characters, so that no value can forge one.
type line struct {
	log  *slog.Logger
	warm atomic.Bool // this process has answered before
}

func newLine(log *slog.Logger) *line { return &line{log: log} }

// outcome is what a line tells. It has neither headers nor body nor query.
type outcome struct {
	requestID, extendedRequestID, method, resource, address string
	event                                                   string
	status                                                  int
	who                                                     []any
	err                                                     error
	began                                                   time.Time
}

func (l *line) write(ctx context.Context, o outcome) {
	attributes := []any{
		"request_id", o.requestID, "lambda_request_id", lambdaRequestID(ctx), "method", o.method, "route", o.resource, "status", o.status, "source_ip", o.address,
		"duration_ms", float64(time.Since(o.began).Microseconds()) / 1000, "cold", !l.warm.Swap(true),
	}
	if o.extendedRequestID != "" { // the gateway tells it to functions, not to authorizers
		attributes = append(attributes, "extended_request_id", o.extendedRequestID)
	}
	if o.event != "" {
		attributes = append(attributes, "event", o.event)
	}
	attributes = append(attributes, o.who...)
	level := slog.LevelInfo
	if o.err != nil {
		e := apperr.From(o.err)
		attributes = append(attributes, "code", string(e.Code), "reason", string(e.Reason))
		for _, subject := range []struct{ name, value string }{{"username", e.Account}, {"user_id", e.UserID}, {"token_id", e.TokenID}, {"client_id", e.ClientID}} {
			if subject.value != "" {
				attributes = append(attributes, subject.name, subject.value)
			}
		}
		if _, ok := statusOf(e.Code); !ok || e.Code == apperr.ServiceUnavailable || e.Code == apperr.Corrupt || e.Alarm {
			level = slog.LevelError
			attributes = append(attributes, "error", o.err.Error())
		}
		if e.Alarm {
			attributes = append(attributes, alarm(o.began)...)
		}
	}
	l.log.Log(ctx, level, "request", attributes...)
}

// alarm makes the line count as the metric Sallyport/Alarms: CloudWatch reads it out of the log (embedded metric format
// specification), so that no function needs a permission for it. The line has the metric's dimensions, stage and stack, from its
// logger: two stacks of one account share no metric, whatever their stages are called.
func alarm(at time.Time) []any {
	type metric struct{ Name, Unit string }
	type directive struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []metric
	}
	return []any{
		"Alarms", 1,
		"_aws", struct {
			Timestamp         int64
			CloudWatchMetrics []directive
		}{at.UnixMilli(), []directive{{
			Namespace: "Sallyport", Dimensions: [][]string{{"stage", "stack"}}, Metrics: []metric{{"Alarms", "Count"}},
		}}},
	}
}

// where names the line of ours that panicked.
func where() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs[:])])
	for panicked := false; ; {
		frame, more := frames.Next()
		if panicked && !strings.HasPrefix(frame.Function, "runtime.") {
			return frame.Function + ":" + strconv.Itoa(frame.Line)
		}
		panicked = panicked || frame.Function == "runtime.gopanic"
		if !more {
			return "unknown"
		}
	}
}

// Package metric makes log lines count: CloudWatch reads metrics out of them (embedded metric format specification), so that no
// function needs a permission for it.
package metric

import "time"

// Count returns slog attributes that make the line count once as the metric Sallyport/name. The line has the metric's dimensions, stage
// and stack, from its logger: two stacks of one account share no metric, whatever their stages are called.
func Count(name string, at time.Time) []any {
	type metric struct{ Name, Unit string }
	type directive struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []metric
	}
	return []any{
		name, 1,
		"_aws", struct {
			Timestamp         int64
			CloudWatchMetrics []directive
		}{at.UnixMilli(), []directive{{
			Namespace: "Sallyport", Dimensions: [][]string{{"stage", "stack"}}, Metrics: []metric{{name, "Count"}},
		}}},
	}
}

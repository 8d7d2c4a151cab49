package awsboot

import (
	"io"
	"log/slog"
	"os"
)

// Run calls realMain with the environment's settings and a logger; realMain ends in lambda.Start. If it fails before, Run
// prints one JSON line with the error to standard error and ends the process with status 1, so that Lambda reports
// Runtime.ExitError at init and no event reaches a function that is half set up.
func Run(realMain func(settings *Settings, log *slog.Logger) error) {
	settings := NewSettings(os.LookupEnv)
	if err := realMain(settings, Logger(os.Stdout, settings)); err != nil {
		slog.New(newHandler(os.Stderr, slog.LevelError)).Error("init failed", "error", err.Error())
		os.Exit(1)
	}
}

// Logger returns a logger that writes a JSON object a line to w, which for a function is standard output. The optional
// setting LOG_LEVEL (DEBUG, INFO, WARN or ERROR; INFO if unset) says what is left out. Each line has the setting STACK, the
// stack's name: metrics that CloudWatch reads in the lines are kept apart by it.
func Logger(w io.Writer, s *Settings) *slog.Logger {
	level := slog.LevelInfo
	if text := s.Optional("LOG_LEVEL"); text != "" && level.UnmarshalText([]byte(text)) != nil {
		s.refuse("LOG_LEVEL", "must be DEBUG, INFO, WARN or ERROR")
	}
	return slog.New(newHandler(w, level)).With("stack", s.Text("STACK"))
}

// newHandler names the time "timestamp", which Lambda needs to filter lines by level (AWS Lambda Developer Guide,
// "Log-level filtering").
func newHandler(w io.Writer, level slog.Level) slog.Handler {
	return slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
				a.Key = "timestamp"
			}
			return a
		},
	})
}

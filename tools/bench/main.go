// Command bench measures what the design promises and writes the figures to docs/benchmarks.md.
//
// Times are medians over rounds in which the sides of a comparison take turns, because the speed of a shared machine drifts:
// the ratios are what can be compared between machines. It exits with status 1 if a figure is beyond its bound.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func main() {
	out := flag.String("out", "docs/benchmarks.md", "the page to write; - for standard output")
	only := flag.String("only", "", "measure one part: decisions, coldstarts, http or memory; prints to standard output")
	flag.Parse()
	if flag.Arg(0) == hashing {
		if err := hash(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if *only != "" {
		*out = "-"
	}
	if err := run(context.Background(), *out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// figure is one line of the table.
type figure struct {
	what  string
	value string
	bound string // empty: none is promised
	kept  bool
}

// report collects figures.
type report struct{ figures []figure }

func (r *report) note(what, value string) {
	r.add(figure{what: what, value: value, kept: true})
}

func (r *report) atMost(what string, value, bound float64, format string) {
	r.add(figure{what: what, value: fmt.Sprintf(format, value), bound: "at most " + fmt.Sprintf(format, bound), kept: value <= bound})
}

func (r *report) add(f figure) {
	r.figures = append(r.figures, f)
	mark := ""
	if !f.kept {
		mark = "   BEYOND ITS BOUND (" + f.bound + ")"
	}
	fmt.Fprintf(os.Stderr, "%-78s %s%s\n", f.what, f.value, mark)
}

func run(ctx context.Context, out, only string) error {
	root, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("finding the repository: %w", err)
	}
	if _, err := os.Stat(filepath.Join(root, "template.yaml")); err != nil {
		return fmt.Errorf("run it in the repository's top folder: %w", err)
	}
	dir, err := os.MkdirTemp("", "sallyport-bench")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	var r report
	for _, part := range []struct {
		name    string
		measure func(context.Context, *report, string, string) error
	}{{"decisions", decisions}, {"coldstarts", coldStarts}, {"http", endToEnd}, {"memory", memory}} {
		if only != "" && only != part.name {
			continue
		}
		if err := part.measure(ctx, &r, root, dir); err != nil {
			return err
		}
	}
	page := r.page(time.Now().UTC())
	if out == "-" {
		fmt.Print(page)
	} else if err := os.WriteFile(out, []byte(page), 0o644); err != nil { //nolint:gosec // G306: a page of the documentation
		return fmt.Errorf("writing the page: %w", err)
	}
	return r.missed()
}

// missed names every figure that is beyond its bound.
func (r *report) missed() error {
	var errs []error
	for _, f := range r.figures {
		if !f.kept {
			errs = append(errs, fmt.Errorf("%s is %s, promised is %s", f.what, f.value, f.bound))
		}
	}
	return errors.Join(errs...)
}

func (r *report) page(at time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Benchmarks

Made by `+"`make bench`"+` on %s: %s, %s/%s, %d processors, %s. Run it again to renew this page; do not edit it.

The bounds of part (f) against the bare binary, 1.6 and 2.3, are at the edge of what two AWS clients leave: importing them, before any of our code
runs, costs what the line of the binary that imports them shows.
The bound of part (h), 1.2, leaves little where the hash is fast: a sign-in makes 20 calls of the database and the key service, one after
the other. A figure beyond its bound is marked, and `+"`make bench`"+` ends with status 1.

Times are medians over interleaved rounds on a machine that others use too, so that the ratios say more than the times.
The database and the key service are the local run's embedded ones, reached over loopback by the AWS SDK: against AWS itself
each read takes milliseconds, and our own share of a decision is smaller still.

| what | measured | promised |
|---|---|---|
`, at.Format(time.DateOnly), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processor())
	for _, f := range r.figures {
		missed := ""
		if !f.kept {
			missed = ", **missed**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s%s |\n", f.what, f.value, f.bound, missed)
	}
	return b.String()
}

// processor names the machine's processor, as Linux knows it.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return "an unknown processor"
}

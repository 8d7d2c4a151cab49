package conformance_test

import (
	"fmt"
	"strings"
	"testing"

	"sallyport/tools/endtoend"
)

func TestToolsLocalAnswersAsAPIGatewayButForItsKnownDifferences(t *testing.T) {
	urls, known := startLocal(t), byRow(localDifferences())
	for _, area := range table() {
		t.Run(area.name, func(t *testing.T) {
			for _, row := range area.rows {
				t.Run(row.name, func(t *testing.T) {
					t.Parallel()
					got := ask(t, urls[row.api], row)
					instead, differs := known[area.name+"/"+row.name]
					compare(t, row, instead, differs, got)
					want := row.want.kind
					if differs {
						want = instead.kind
					}
					if kind, _ := strings.CutSuffix(got.header.Get("X-Amzn-Errortype"), "Exception"); kind != want {
						t.Errorf("the error's type is %q, want %q", kind, want)
					}
					if got.header.Get("X-Amzn-Requestid") == "" || got.header.Get("X-Amz-Apigw-Id") == "" {
						t.Errorf("the answer does not name the request: %v", got.header)
					}
				})
			}
		})
	}
}

func TestSAMLocalAnswersAsAPIGatewayButForItsKnownDifferences(t *testing.T) {
	if !endtoend.SAMIsWanted(t) {
		return
	}
	urls, known := startSAM(t), byRow(samDifferences())
	for _, area := range table() {
		for _, row := range area.rows {
			t.Run(area.name+"/"+row.name, func(t *testing.T) {
				if row.slow { // else one by one: each function has one container, which a crash takes from whoever else waits for it
					t.Parallel()
				}
				got := ask(t, urls[row.api], row)
				instead, differs := known[area.name+"/"+row.name]
				compare(t, row, instead, differs, got)
				for _, name := range []string{"X-Amzn-Errortype", "X-Amzn-Requestid", "X-Amz-Apigw-Id"} {
					if value := got.header.Get(name); value != "" {
						t.Errorf("%s is %q: docs/local.md says that sam local never sends it", name, value)
					}
				}
			})
		}
	}
}

// ask sends a row's requests and returns the last one's answer.
func ask(t *testing.T, url string, r row) response {
	t.Helper()
	for _, first := range r.first {
		if _, err := first.sendTo(url, r.name); err != nil {
			t.Fatal(err)
		}
	}
	got, err := r.send.sendTo(url, r.name)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// compare wants AWS's answer, or the known difference. A difference that is none any more fails too.
func compare(t *testing.T, r row, instead answer, differs bool, got response) {
	t.Helper()
	asAWS := r.want.differences(got)
	describe := func(wrong []string) string {
		return fmt.Sprintf("%s\nanswered %d %v %s", strings.Join(wrong, "\n"), got.status, got.header, shortened(got.body))
	}
	switch {
	case !differs && len(asAWS) > 0:
		t.Errorf("%s\nAWS: %s %s", describe(asAWS), r.cites.title, r.cites.url)
	case differs && len(asAWS) == 0:
		t.Error("it answers as AWS: the difference is gone, take the row out of the list of differences")
	case differs:
		if wrong := instead.differences(got); len(wrong) > 0 {
			t.Errorf("the known difference is another now:\n%s", describe(wrong))
		}
	}
}

package apigw_test

import (
	"maps"
	"testing"

	"sallyport/shared/apigw"
	"sallyport/shared/apperr"
)

func queried(values map[string][]string) apigw.Request {
	req := event()
	req.MultiValueQueryStringParameters = values
	req.QueryStringParameters = map[string]string{}
	for name, all := range values { // the last one, as API Gateway has it
		req.QueryStringParameters[name] = all[len(all)-1]
	}
	return req
}

func TestAQueryIsReadStrictly(t *testing.T) {
	for name, values := range map[string]map[string][]string{
		"unknown":         {"page": {"2"}},
		"in another case": {"Limit": {"2"}},
		"twice":           {"limit": {"2", "2"}},
		"without a name":  {"": {"2"}},
	} {
		if got, err := apigw.QueryOf(queried(values), "limit", "cursor"); apperr.CodeOf(err) != apperr.InvalidRequest {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := apigw.QueryOf(queried(map[string][]string{"limit": {"2"}})); apperr.CodeOf(err) != apperr.InvalidRequest {
		t.Errorf("of a route without parameters: %v, %v", got, err)
	}
	want := apigw.Query{"limit": "2", "role": "ADMIN"}
	got, err := apigw.QueryOf(queried(map[string][]string{"limit": {"2"}, "role": {"ADMIN"}}), "limit", "role")
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := apigw.QueryOf(event()); err != nil || len(got) != 0 {
		t.Errorf("without a query: %v, %v", got, err)
	}
}

func TestAPageHasFromOneToAHundredEntries(t *testing.T) {
	for text, want := range map[string]int{"1": 1, "50": 50, "100": 100} {
		if limit, cursor, err := (apigw.Query{"limit": text, "cursor": "here"}).Page(); limit != want || cursor != "here" || err != nil {
			t.Errorf("%s: %d, %q, %v", text, limit, cursor, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "+1", "01", "101", "1e1", "1.0", " 1", "1 ", "x", "99999999999999999999", "１"} {
		if limit, _, err := (apigw.Query{"limit": text}).Page(); apperr.CodeOf(err) != apperr.InvalidRequest {
			t.Errorf("%q: %d, %v", text, limit, err)
		}
	}
	if limit, cursor, err := (apigw.Query{}).Page(); limit != apigw.DefaultPageSize || cursor != "" || err != nil {
		t.Errorf("by default %d, %q, %v", limit, cursor, err)
	}
	if _, _, err := (apigw.Query{"cursor": ""}).Page(); apperr.CodeOf(err) != apperr.InvalidRequest {
		t.Errorf("an empty cursor: %v", err)
	}
}

package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// administer serves what an ADMIN does to accounts, and reports false for any other request.
func (s *service) administer(r *http.Request, caller session.Identity) (body any, err error, is bool) { //nolint:revive // error-return: as the caller has it
	path, ok := strings.CutPrefix(r.URL.Path, "/accounts")
	if !ok {
		return nil, nil, false
	}
	directory := account.NewDirectory(s.accounts)
	if path == "" {
		name := r.URL.Query().Get("username")
		found, _, err := directory.Accounts(r.Context(), account.Search{Username: &name}, account.Page{Limit: 50})
		all := []map[string]any{}
		for _, a := range found {
			all = append(all, map[string]any{"user_id": a.UserID.String(), "role": a.Role.String(), "status": a.Status})
		}
		return map[string]any{"accounts": all}, err, true
	}
	id, ok := token.ParseID(strings.Trim(path, "/"))
	if !ok { // of sessions and resets only the refusals are looked at
		return nil, apperr.New(apperr.NotFound, ""), true
	}
	switch r.Method {
	case http.MethodGet:
		a, err := directory.Account(r.Context(), id)
		sessions := []map[string]any{}
		for _, entry := range a.Sessions {
			sessions = append(sessions, map[string]any{"session_id": entry.SessionID})
		}
		return map[string]any{"sessions": sessions}, err, true
	case http.MethodPatch:
		var in account.Edit
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			return nil, apperr.New(apperr.InvalidRequest, ""), true
		}
		_, err := account.NewAdministrator(s.accounts).Edit(r.Context(), account.ActorOf(caller), id, in)
		return map[string]any{}, err, true
	}
	eraser := account.Eraser{Store: s.accounts, Trail: s.trail}
	return nil, eraser.Erase(r.Context(), account.ActorOf(caller), id), true
}

func TestAServiceThatOnlySaysThatItChangedAnAccountFails(t *testing.T) {
	t.Parallel()
	passed, output, _ := verify(t, startService(t, func(_ *service, honest http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPatch && !strings.Contains(r.URL.Path, strings.Repeat("0", 32)) {
				answerWith(w, 200, map[string]any{}, nil)
				return
			}
			honest.ServeHTTP(w, r)
		})
	}).target())
	if failed := strings.Join(failedSteps(output), "; "); passed || !strings.Contains(failed, "shut out at once") || !strings.Contains(failed, "does not sign in") {
		t.Errorf("failed are %s", failed)
	}
}

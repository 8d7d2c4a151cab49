package apigw_test

import (
	"errors"
	"testing"

	"sallyport/shared/apigw"
	"sallyport/shared/apperr"
	"sallyport/shared/audit"
)

// A dead token, shown where one may ask about it, is no failure of the request; but the log says why it is dead, and raises the alarm.
func TestWhatIsNotedIsLoggedLikeAFailureAndAnsweredAsASuccess(t *testing.T) {
	stolen := &apperr.Error{Code: apperr.Unauthenticated, Reason: "token_reused", Alarm: true, UserID: identity.UserID.String(), Err: errors.New("x")}
	events, log := audited(t, event(), apigw.Answer{Status: 200, Note: stolen}, nil)
	if len(events) != 1 || events[0].Reason != "token_reused" || events[0].Outcome != audit.Refused || events[0].AccountID != identity.UserID.String() {
		t.Errorf("events %+v", events)
	}
	if len(log) != 1 || log[0]["status"] != 200.0 || log[0]["reason"] != "token_reused" || log[0]["Alarms"] != 1.0 || log[0]["level"] != "ERROR" {
		t.Errorf("the log: %v", log)
	}
}

func TestWhatIsUnrecordedIsInTheLogAlone(t *testing.T) {
	dead := &apperr.Error{Code: apperr.Unauthenticated, Reason: "token_record_absent"}
	for _, answer := range []apigw.Answer{{Status: 200, Unrecorded: true}, {Status: 200, Note: dead, Unrecorded: true}} {
		events, log := audited(t, event(), answer, nil)
		if len(events) != 0 || len(log) != 1 || log[0]["status"] != 200.0 || answer.Note != nil && log[0]["reason"] != "token_record_absent" {
			t.Errorf("%d events, %v", len(events), log)
		}
	}
}

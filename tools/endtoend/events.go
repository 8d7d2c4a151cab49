package endtoend

// EventAnswer is what a function answers its event of the folder events with, on a system of which nothing in the event is known: the status,
// or the authorizer's error.
func EventAnswer(functionID string) string {
	switch functionID {
	case "AuthorizerFunction":
		return "Unauthorized" // nobody has the key for the event's token
	case "RegisterFunction", "InvitationsFunction", "CreateClientFunction":
		return "201"
	case "LogoutFunction", "ReportTokenFunction": // a session that is gone; a token that is none of this stack's
		return "204"
	case "LoginFunction", "VerifyOtpFunction", "EnrolFunction", "IntrospectFunction", "RevokeFunction": // a user, a challenge, a client that is not there
		return "401"
	case "RenewFunction", "SessionsFunction", "EndSessionFunction", "EndOtherSessionsFunction",
		"ChangePasswordFunction", "BeginEnrolmentFunction", "FinishEnrolmentFunction", "RecoveryCodesFunction",
		"CreateApiTokenFunction", "ApiTokensFunction", "RevokeApiTokenFunction": // the caller's session has ended
		return "401"
	case "RemoveClientFunction", "WithdrawInvitationFunction", "AccountFunction", "ChangeAccountFunction", "EndAccountSessionsFunction",
		"ResetSecondFactorFunction", "RemoveAccountFunction": // nor the client, the invitation, the account
		return "404"
	}
	return "200"
}

package apigw

import (
	"context"
	"encoding/base64"
	"strings"

	"sallyport/shared/apperr"
	"sallyport/shared/secret"
)

// ClientHandler answers one request of a client.
type ClientHandler func(ctx context.Context, form Form, clientID string) (Answer, error)

// AuthenticateClient tells a client by its secret: client.Authenticator's Authenticate.
type AuthenticateClient func(ctx context.Context, clientID string, presented secret.Text, address string) error

// ForClients returns handler behind the authentication of a resource server (RFC 7662 section 2.1, RFC 7009 section 2.1): Basic
// credentials (RFC 6749 section 2.3.1) in the one Authorization header, parameters in a form. Refusals have the error that RFC 6749
// section 5.2 names.
func ForClients(authenticate AuthenticateClient, handler ClientHandler) Handler {
	return func(ctx context.Context, req Request) (answer Answer, err error) {
		defer func() { err = oauthError(err) }()
		form, err := formOf(req)
		if err != nil {
			return Answer{}, err
		}
		id, presented, err := basic(req)
		if err != nil {
			return Answer{}, err
		}
		if err := authenticate(ctx, id, presented, req.RequestContext.Identity.SourceIP); err != nil {
			return Answer{}, err
		}
		answer, err = handler(ctx, form, id)
		answer.Actor, answer.Who = id, append(answer.Who, "client_id", id)
		return answer, err
	}
}

// formOf returns the parameters, which are in the body alone, and refuses credentials there: RFC 6749 section 2.3.1 advises against
// them, and what is in a body is more often written to a log than the Authorization header.
func formOf(req Request) (Form, error) {
	if len(req.QueryStringParameters) > 0 || len(req.MultiValueQueryStringParameters) > 0 {
		return nil, invalid("Send the parameters in the body, and none in the URL, which is written to logs.")
	}
	form, err := DecodeForm(req)
	if err != nil {
		return nil, err
	}
	for _, credential := range []string{"client_secret", "client_assertion", "client_assertion_type"} {
		if _, found := form[credential]; found {
			return nil, invalid("Send the client's id and secret in the Authorization header (Basic), and no credentials in the body.")
		}
	}
	return form, nil
}

// maxBasic is the longest that Basic credentials may be, in characters of base64: more than three times what ours need, since each
// character may be escaped.
const maxBasic = 512

// basic returns the credentials of the one Authorization header (RFC 7617 section 2): a scheme in any case, one space, and the base64 of
// id and secret with a colon between, each of them encoded as in a form (RFC 6749 section 2.3.1).
func basic(req Request) (id string, presented secret.Text, err error) {
	values := headerValues(req.Headers, req.MultiValueHeaders, "Authorization")
	if len(values) > 1 {
		return "", secret.Text{}, invalid("Send one Authorization header.")
	}
	if len(values) == 1 {
		if id, presented, ok := ParseBasic(values[0]); ok {
			return id, presented, nil
		}
	}
	return "", secret.Text{}, apperr.Refuse(apperr.Unauthenticated,
		"Send Authorization: Basic and the base64 of the client's id, a colon and its secret.", "client_credentials")
}

// ParseBasic reads the value of an Authorization header as the credentials of a client. It has one reading for each text, and reports
// false for what is not exactly of the form.
func ParseBasic(header string) (id string, presented secret.Text, ok bool) {
	scheme, encoded, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Basic") || len(encoded) > maxBasic || strings.ContainsAny(encoded, "\r\n") { // the decoder skips line ends
		return "", secret.Text{}, false
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", secret.Text{}, false
	}
	encodedID, encodedSecret, ok := strings.Cut(string(decoded), ":")
	if !ok || strings.Contains(encodedSecret, ":") { // a colon in a secret would be escaped
		return "", secret.Text{}, false
	}
	id, okID := unescapeForm(encodedID)
	characters, okSecret := unescapeForm(encodedSecret)
	if !okID || !okSecret || id == "" || characters == "" {
		return "", secret.Text{}, false
	}
	return id, secret.New(characters), true
}

// oauthError adds what RFC 6749 section 5.2 calls the error, where it has a name for it.
func oauthError(err error) error {
	if err == nil {
		return nil
	}
	named := *apperr.From(err)
	switch named.Code {
	case apperr.Unauthenticated:
		named.OAuth = "invalid_client"
	case apperr.InvalidRequest, apperr.RequestTooLarge, apperr.UnsupportedMediaType:
		named.OAuth = "invalid_request"
	default:
	}
	return &named
}

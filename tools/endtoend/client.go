package endtoend

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // G505: RFC 6238's default, which authenticator apps know
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Client calls the API over HTTP. It shares no code with what it calls, so that a mistake there is not made here too.
type Client struct {
	URL  string
	HTTP *http.Client
}

// NewClient returns a client of the API at url that keeps its connections.
func NewClient(url string) Client {
	return Client{URL: url, HTTP: &http.Client{Timeout: timeLimit, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
}

// timeLimit is how long an answer may take: three times what the API promises.
const timeLimit = 30 * time.Second

// From returns an HTTP client that calls from the given address of this machine, such as 127.0.0.2: the API counts failures
// by address. Each call of it has a connection of its own.
func From(address string) *http.Client {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return &http.Client{Timeout: timeLimit, Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
}

// Response is an answer, read whole.
type Response struct {
	Status int
	Header http.Header
	Body   string
	JSON   map[string]any // nil unless Body is a JSON object
}

// Text returns a member of the body that is a string, empty if there is none.
func (r Response) Text(member string) string {
	text, _ := r.JSON[member].(string)
	return text
}

// Do sends a request. The body is encoded as JSON unless it is a string, which is sent as it is, or nil. Headers come in
// pairs of name and value; a Content-Type is added to a body that has none.
func (c Client) Do(ctx context.Context, method, path string, body any, headers ...string) (Response, error) {
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		encoded, err := json.Marshal(b)
		if err != nil {
			return Response{}, fmt.Errorf("encoding the body: %w", err)
		}
		reader = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, reader)
	if err != nil {
		return Response{}, fmt.Errorf("making the request: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if strings.EqualFold(headers[i], "Content-Type") {
			req.Header.Del("Content-Type")
			if headers[i+1] == "" {
				continue
			}
		}
		req.Header.Add(headers[i], headers[i+1])
	}
	return c.Send(req)
}

// Send sends a request as it is.
func (c Client) Send(req *http.Request) (Response, error) {
	answer, err := c.HTTP.Do(req)
	if err != nil {
		return Response{}, fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	}
	defer answer.Body.Close() //nolint:errcheck // nothing is lost with a body that has been read
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return Response{}, fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	}
	response := Response{Status: answer.StatusCode, Header: answer.Header, Body: string(text)}
	if json.Unmarshal(text, &response.JSON) != nil {
		response.JSON = nil
	}
	return response, nil
}

// Get sends a GET with a bearer token.
func (c Client) Get(ctx context.Context, path, token string) (Response, error) {
	return c.Do(ctx, http.MethodGet, path, nil, "Authorization", "Bearer "+token)
}

// User is a registered account with what its owner knows and has.
type User struct {
	Username      string
	Password      string
	Role          string
	UserID        string
	Secret        []byte // of the authenticator
	Base32        string // the secret as the app would take it
	RecoveryCodes []string

	lastStep int64 // of the last code that was used
}

// Register makes an account with a fresh name. The role may be empty, and so may the invitation.
func (c Client) Register(ctx context.Context, role, invitation string) (*User, error) {
	user := &User{Username: "user-" + strings.ToLower(rand.Text()), Password: "canary-" + rand.Text(), Role: role}
	body := map[string]string{"username": user.Username, "password": user.Password}
	if role != "" {
		body["role"] = role
	}
	if invitation != "" {
		body["invitation"] = invitation
	}
	response, err := c.Do(ctx, http.MethodPost, "/register", body)
	if err != nil {
		return nil, err
	}
	if response.Status != http.StatusCreated {
		return nil, fmt.Errorf("registering: %d %s", response.Status, response.Body)
	}
	return user, user.read(response)
}

func (u *User) read(response Response) error {
	var answer struct {
		UserID string `json:"user_id"`
		Role   string `json:"role"`
		TOTP   struct {
			Secret string `json:"secret"`
		} `json:"totp"`
		RecoveryCodes []string `json:"recovery_codes"`
	}
	if err := json.Unmarshal([]byte(response.Body), &answer); err != nil {
		return fmt.Errorf("reading the registration: %w", err)
	}
	var err error
	if u.Secret, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(answer.TOTP.Secret); err != nil {
		return fmt.Errorf("reading the secret: %w", err)
	}
	u.UserID, u.Role, u.Base32, u.RecoveryCodes = answer.UserID, answer.Role, answer.TOTP.Secret, answer.RecoveryCodes
	return nil
}

// CodeAt returns the code that an authenticator app shows at t (RFC 6238 with its default values).
func (u *User) CodeAt(t time.Time) string {
	mac := hmac.New(sha1.New, u.Secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step(t)))) //nolint:gosec // G115: after 1970
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[offset:])&0x7fffffff%1_000_000)
}

func step(t time.Time) int64 { return t.Unix() / 30 }

// Code returns a code that has not been used: the app's, or in the half minute after one, a recovery code.
func (u *User) Code() string {
	now := time.Now()
	if step(now) > u.lastStep {
		u.lastStep = step(now)
		return u.CodeAt(now)
	}
	if len(u.RecoveryCodes) == 0 {
		time.Sleep(time.Until(time.Unix((u.lastStep+1)*30, 0)))
		return u.Code()
	}
	code := u.RecoveryCodes[0]
	u.RecoveryCodes = u.RecoveryCodes[1:]
	return code
}

// WrongCode returns a code of the right form that is wrong now and for the next minutes.
func (u *User) WrongCode() string {
	right := map[string]bool{}
	for ahead := -2 * time.Minute; ahead <= 10*time.Minute; ahead += 30 * time.Second {
		right[u.CodeAt(time.Now().Add(ahead))] = true
	}
	for n := 0; ; n++ {
		if code := fmt.Sprintf("%06d", n); !right[code] {
			return code
		}
	}
}

// Login takes the first step of a sign-in and returns the challenge.
func (c Client) Login(ctx context.Context, user *User) (string, error) {
	response, err := c.Do(ctx, http.MethodPost, "/login", map[string]string{"username": user.Username, "password": user.Password})
	if err != nil {
		return "", err
	}
	if response.Status != http.StatusOK || response.Text("challenge_id") == "" {
		return "", fmt.Errorf("logging in: %d %s", response.Status, response.Body)
	}
	return response.Text("challenge_id"), nil
}

// Verify answers a challenge.
func (c Client) Verify(ctx context.Context, challenge, code string) (Response, error) {
	return c.Do(ctx, http.MethodPost, "/verify-otp", map[string]string{"challenge_id": challenge, "otp": code})
}

// SignIn takes both steps and returns the access token.
func (c Client) SignIn(ctx context.Context, user *User) (string, error) {
	challenge, err := c.Login(ctx, user)
	if err != nil {
		return "", err
	}
	response, err := c.Verify(ctx, challenge, user.Code())
	if err != nil {
		return "", err
	}
	if response.Status != http.StatusOK || response.Text("access_token") == "" {
		return "", fmt.Errorf("verifying the code: %d %s", response.Status, response.Body)
	}
	return response.Text("access_token"), nil
}

// Logout ends the token's session.
func (c Client) Logout(ctx context.Context, token string) (Response, error) {
	return c.Do(ctx, http.MethodPost, "/logout", nil, "Authorization", "Bearer "+token)
}

// Package client is about resource servers outside of the gateway, the clients in the words of RFC 7662 and RFC 7009: programs that
// may ask whether a token is live, and end what it belongs to. An ADMIN makes and removes them.
package client

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"time"
	"unicode"
	"unicode/utf8"

	"sallyport/shared/apperr"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

// Client is one row of Clients.
type Client struct {
	ID         token.ID
	Name       string // what its maker calls it
	SecretHash Hash
	MadeBy     token.ID // the user id of the ADMIN who made it
	CreatedAt  int64    // Unix seconds
}

// Hash is what is kept of a client's secret.
type Hash [sha256.Size]byte

// SecretPrefix begins every client secret, so that one can be recognised where it does not belong.
const SecretPrefix = "spc_"

// MaxName is how long a client's name may be, in code points.
const MaxName = 64

// NotFound is what a caller is told who names a client that is not there.
const NotFound = "There is no such client."

// ErrNoClient means that there is no client of that id.
var ErrNoClient = errors.New("client: there is no such client")

// Keeper keeps clients. Errors other than ErrNoClient mean that the store could not answer, or have a code.
type Keeper interface {
	AddClient(ctx context.Context, client Client) error

	// RemoveClient deletes the client, or reports ErrNoClient.
	RemoveClient(ctx context.Context, id token.ID) error

	// Clients returns at most limit clients from where the cursor says, in no order that means anything. There are more where the
	// next cursor says, unless it is empty. A page may be short, even empty, and not be the last. The error's code is
	// InvalidRequest for a cursor that no page has given, and apperr.Corrupt for a damaged row.
	Clients(ctx context.Context, limit int, cursor string) (page []Client, next string, err error)
}

// Registry makes, lists and removes clients, for whoever may: that is for its caller to know.
type Registry struct {
	store Keeper
	now   func() time.Time
}

// NewRegistry returns a Registry.
func NewRegistry(store Keeper, now func() time.Time) *Registry { return &Registry{store, now} }

// Make makes a client, and returns its secret, which is stored nowhere. Id and secret have characters only that need no escape in
// a URL, and no colon, which Basic credentials are split at. The error's code is InvalidRequest for a name that is none, or
// ServiceUnavailable.
func (r *Registry) Make(ctx context.Context, madeBy token.ID, name string) (Client, secret.Text, error) {
	if !isName(name) {
		return Client{}, secret.Text{}, apperr.New(apperr.InvalidRequest,
			"The name must have 1 to 64 characters that can be seen, with spaces only between them.")
	}
	characters := secret.New(SecretPrefix + rand.Text()) // at least 128 bits
	made := Client{ID: token.NewID(), Name: name, SecretHash: hash(characters), MadeBy: madeBy, CreatedAt: r.now().Unix()}
	if err := r.store.AddClient(ctx, made); err != nil {
		return Client{}, secret.Text{}, apperr.Dependency(err)
	}
	return made, characters, nil
}

// List returns a page of clients, as Keeper's Clients does.
func (r *Registry) List(ctx context.Context, limit int, cursor string) ([]Client, string, error) {
	page, next, err := r.store.Clients(ctx, limit, cursor)
	return page, next, apperr.Dependency(err)
}

// Remove removes a client. Its next call is refused. The error's code is NotFound or ServiceUnavailable.
func (r *Registry) Remove(ctx context.Context, id token.ID) error {
	err := r.store.RemoveClient(ctx, id)
	if errors.Is(err, ErrNoClient) {
		return apperr.New(apperr.NotFound, NotFound)
	}
	return apperr.Dependency(err)
}

// isName refuses what a list would not show as it is: control characters, spaces at the ends, text that is not UTF-8.
func isName(name string) bool {
	if !utf8.ValidString(name) || name == "" || utf8.RuneCountInString(name) > MaxName || name[0] == ' ' || name[len(name)-1] == ' ' {
		return false
	}
	for _, r := range name {
		if !unicode.IsPrint(r) { // of all spaces it takes U+0020 alone
			return false
		}
	}
	return true
}

// hash needs no salt and no slow function: a secret of 128 random bits cannot be found from its hash.
func hash(characters secret.Text) Hash {
	return sha256.Sum256([]byte("sallyport client secret v1\x00" + characters.Reveal()))
}

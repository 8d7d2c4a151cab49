package apigw

import (
	"sallyport/shared/apperr"
	"sallyport/shared/token"
)

// PathID returns the id that the request's path has in place of the named parameter. What has not an id's form is no id of anything: the
// error's code is NotFound then, and detail tells the caller what is told of ids that nothing has.
func PathID(req Request, name, detail string) (token.ID, error) {
	id, ok := token.ParseID(req.PathParameters[name])
	if !ok {
		return token.ID{}, apperr.New(apperr.NotFound, detail)
	}
	return id, nil
}

package auditstore

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/audit"
	"sallyport/shared/dynamo"
)

const (
	// The indexes: of all events by the UTC day on which they were, and of those that somebody caused in another's account by who did.
	byDay   = "by-day"
	byActor = "by-actor"

	// maxDays is how many days, perhaps without an event, one page looks through.
	maxDays = 32

	// maxSkew is how far ahead of ours the clock may be of a function that recorded an event.
	maxSkew = time.Minute
)

// Reader is audit.Reader. It is safe for concurrent use.
type Reader struct {
	client    *dynamodb.Client
	table     string
	retention time.Duration
	now       func() time.Time
}

var _ audit.Reader = (*Reader)(nil)

// NewReader returns a Reader of events that are not older than the given number of days: DynamoDB deletes expired rows days late.
func NewReader(client *dynamodb.Client, table string, retentionDays int, now func() time.Time) *Reader {
	return &Reader{client: client, table: table, retention: time.Duration(retentionDays) * oneDay, now: now}
}

// Events implements audit.Reader. IAM: Query on Audit, and on its indexes.
func (r *Reader) Events(ctx context.Context, query audit.Query) (audit.Page, error) {
	now := r.now()
	from := time.Unix(max(query.From, now.Add(-r.retention).Unix()), 0).UTC()
	until := time.Unix(min(query.To, now.Add(maxSkew).Unix())+1, 0).UTC() // not included
	switch {
	case !from.Before(until):
		return audit.Page{}, nil
	case query.AccountID != "":
		return r.partition(ctx, query, "", "account_id", query.AccountID, from, until)
	case query.ActorID != "":
		return r.partition(ctx, query, byActor, "by_another", query.ActorID, from, until)
	default:
		return r.days(ctx, query, from, until)
	}
}

// cursors are for the query's pages. Where a page begins is within from and until, or it is refused.
func cursors(query audit.Query, key ...string) dynamo.Cursors {
	return dynamo.NewCursors(key, "audit events", query.AccountID, query.ActorID, strconv.FormatInt(query.From, 10), strconv.FormatInt(query.To, 10))
}

// partition gives a page of one partition of the table, or of the named index.
func (r *Reader) partition(ctx context.Context, query audit.Query, index, attribute, value string, from, until time.Time) (audit.Page, error) {
	key := []string{"account_id", "at_id"}
	if index != "" {
		key = append(key, attribute)
	}
	cursors := cursors(query, key...)
	start, err := cursors.Key(query.Cursor)
	if err != nil {
		return audit.Page{}, err
	}
	var page audit.Page
	last, err := r.read(ctx, r.newestFirst(index, attribute, value, from, until, start, query.Limit), &page)
	if err != nil {
		return audit.Page{}, err
	}
	page.Next, err = cursors.Text(last)
	return page, err
}

// days goes from day to day, back from the newest, until the page is full or maxDays have been looked through.
func (r *Reader) days(ctx context.Context, query audit.Query, from, until time.Time) (audit.Page, error) {
	cursors := cursors(query, "account_id", "at_id", "day")
	start, err := cursors.Key(query.Cursor)
	if err != nil {
		return audit.Page{}, err
	}
	day := midnight(until.Add(-time.Second))
	if start != nil {
		if day, start, err = resume(start, midnight(from), day); err != nil {
			return audit.Page{}, err
		}
	}
	var page audit.Page
	for range maxDays {
		in := r.newestFirst(byDay, "day", day.Format(time.DateOnly), from, until, start, query.Limit-len(page.Events))
		last, err := r.read(ctx, in, &page)
		if err != nil {
			return audit.Page{}, err
		}
		if last != nil {
			page.Next, err = cursors.Text(last)
			return page, err
		}
		if !from.Before(day) { // it was the first day
			return page, nil
		}
		day, start = day.Add(-oneDay), nil
		if len(page.Events) == query.Limit {
			break
		}
	}
	page.Next, err = cursors.Text(atEndOf(day))
	return page, err
}

func midnight(t time.Time) time.Time { return t.Truncate(oneDay) }

// atEndOf is no key of a row: its time alone says that the page begins with the last event of the day.
func atEndOf(day time.Time) dynamo.Item {
	return dynamo.Item{
		"account_id": dynamo.S(audit.Nobody), "day": dynamo.S(day.Format(time.DateOnly)), "at_id": dynamo.S(audit.Bound(day.Add(oneDay))),
	}
}

// resume returns the day on which a page begins and the key after which it does, nil at the end of the day.
func resume(key dynamo.Item, first, last time.Time) (time.Time, dynamo.Item, error) {
	row := dynamo.NewRow("a cursor", key)
	day, err := time.Parse(time.DateOnly, row.Text("day"))
	if err != nil || day.Before(first) || day.After(last) || row.Err() != nil {
		return time.Time{}, nil, dynamo.BadCursor(errors.New("auditstore: a cursor's day is none of the query's"))
	}
	if row.Text("at_id") == audit.Bound(day.Add(oneDay)) {
		return day, nil, nil
	}
	return day, key, nil
}

func (r *Reader) newestFirst(
	index, attribute, value string, from, until time.Time, start dynamo.Item, limit int,
) dynamodb.QueryInput {
	in := dynamodb.QueryInput{
		TableName: aws.String(r.table), KeyConditionExpression: aws.String("#p = :p AND at_id BETWEEN :from AND :until"),
		ExpressionAttributeNames: map[string]string{"#p": attribute},
		ExpressionAttributeValues: dynamo.Item{
			":p": dynamo.S(value), ":from": dynamo.S(audit.Bound(from)), ":until": dynamo.S(audit.Bound(until)),
		},
		ScanIndexForward: aws.Bool(false), ExclusiveStartKey: start, Limit: aws.Int32(int32(limit)), //nolint:gosec // G115: a page's
	}
	if index != "" {
		in.IndexName = aws.String(index)
	}
	return in
}

// read adds what the query gives to the page, and returns its last key.
func (r *Reader) read(ctx context.Context, in dynamodb.QueryInput, page *audit.Page) (dynamo.Item, error) {
	rows, last, err := dynamo.Query(ctx, r.client, in)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		event, err := event(row)
		if err != nil {
			return nil, err
		}
		page.Events = append(page.Events, event)
	}
	return last, nil
}

package main

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/dynamo"
	"sallyport/shared/token"
)

// deleters is how many rows are deleted at once: some thousand a second on AWS.
const deleters = 16

// primaryKey is that of Tokens.
const primaryKey = "user_id, token_id"

// deleteTokens deletes every row of Tokens, and returns how many. Rows that come in meanwhile may stay: it is for the
// caller to know when none can. It stops at the first failure; then it can be run again.
func deleteTokens(ctx context.Context, client *dynamodb.Client, table string) (int64, error) {
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{
		TableName: aws.String(table), ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String(primaryKey),
	})
	var all int64
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return all, err
		}
		deleted, err := deleteKeys(ctx, client, table, page.Items)
		all += deleted
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// deleteTokensOf deletes every token row of a user.
func deleteTokensOf(ctx context.Context, client *dynamodb.Client, table string, userID token.ID) error {
	pages := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{
		TableName: aws.String(table), ConsistentRead: aws.Bool(true),
		KeyConditionExpression: aws.String("user_id = :user_id"), ProjectionExpression: aws.String(primaryKey),
		ExpressionAttributeValues: dynamo.Item{":user_id": dynamo.S(userID.String())},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		if _, err := deleteKeys(ctx, client, table, page.Items); err != nil {
			return err
		}
	}
	return nil
}

// deleteKeys deletes rows, several at once, and returns how many are gone when the first failure stops it.
func deleteKeys(ctx context.Context, client *dynamodb.Client, table string, keys []dynamo.Item) (int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan dynamo.Item)
	var workers sync.WaitGroup
	var deleted atomic.Int64
	for range deleters {
		workers.Go(func() {
			for key := range queue {
				if err := dynamo.Delete(ctx, client, &dynamodb.DeleteItemInput{TableName: aws.String(table), Key: key}); err != nil {
					cancel(err)
					return
				}
				deleted.Add(1)
			}
		})
	}
	hand(ctx, queue, keys)
	workers.Wait()
	return deleted.Load(), context.Cause(ctx)
}

// hand gives the keys to whoever takes them, until ctx ends.
func hand(ctx context.Context, queue chan<- dynamo.Item, keys []dynamo.Item) {
	defer close(queue)
	for _, key := range keys {
		select {
		case queue <- key:
		case <-ctx.Done():
			return
		}
	}
}

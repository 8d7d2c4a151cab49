package main

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/dynamo"
	"sallyport/shared/token"
)

// deleters is how many rows are deleted at once: some thousand a second on AWS.
const deleters = 16

// deleteRows deletes every row of a table, which has the named key, and returns how many. Rows that come in meanwhile may stay. It stops
// at the first failure; then it can be run again.
func deleteRows(ctx context.Context, client *dynamodb.Client, table string, key ...string) (int, error) {
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{
		TableName: aws.String(table), ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String(strings.Join(key, ", ")),
	})
	deleted := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return deleted, err
		}
		n, err := deleteKeys(ctx, client, table, page.Items)
		deleted += n
		if err != nil {
			return deleted, err
		}
	}
	return deleted, nil
}

// deleteTokensOf deletes every token row of a user.
func deleteTokensOf(ctx context.Context, client *dynamodb.Client, table string, userID token.ID) (int, error) {
	pages := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{
		TableName: aws.String(table), ConsistentRead: aws.Bool(true),
		KeyConditionExpression: aws.String("user_id = :user_id"), ProjectionExpression: aws.String("user_id, token_id"),
		ExpressionAttributeValues: dynamo.Item{":user_id": dynamo.S(userID.String())},
	})
	deleted := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return deleted, err
		}
		n, err := deleteKeys(ctx, client, table, page.Items)
		deleted += n
		if err != nil {
			return deleted, err
		}
	}
	return deleted, nil
}

func deleteKeys(ctx context.Context, client *dynamodb.Client, table string, keys []dynamo.Item) (int, error) {
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
	for _, key := range keys {
		select {
		case queue <- key:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(queue)
	workers.Wait()
	return int(deleted.Load()), context.Cause(ctx)
}

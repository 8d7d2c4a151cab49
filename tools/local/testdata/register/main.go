// Register writes a row, seals a secret, and answers 201.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

func main() {
	provider := credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN"))
	database := dynamodb.New(dynamodb.Options{Region: os.Getenv("AWS_REGION"), Credentials: provider, BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL_DYNAMODB"))})
	keys := kms.New(kms.Options{Region: os.Getenv("AWS_REGION"), Credentials: provider, BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL_KMS"))})
	lambda.Start(func(ctx context.Context, _ events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		sealed, err := keys.Encrypt(ctx, &kms.EncryptInput{KeyId: aws.String(os.Getenv("KMS_KEY_ID")), Plaintext: []byte("secret")})
		if err != nil {
			return events.APIGatewayProxyResponse{}, err
		}
		_, err = database.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(os.Getenv("THINGS_TABLE")), Item: map[string]types.AttributeValue{
			"owner": &types.AttributeValueMemberS{Value: "ana"}, "number": &types.AttributeValueMemberS{Value: "1"},
			"sealed": &types.AttributeValueMemberB{Value: sealed.CiphertextBlob},
		}})
		if err != nil {
			return events.APIGatewayProxyResponse{}, err
		}
		return events.APIGatewayProxyResponse{StatusCode: 201, Body: "{}"}, nil
	})
}

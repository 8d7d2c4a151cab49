// Command bare is the least Lambda function that aws-lambda-go allows: what a cold start costs before we add anything to it.
package main

import "github.com/aws/aws-lambda-go/lambda"

func main() { lambda.Start(func() (string, error) { return "ok", nil }) }

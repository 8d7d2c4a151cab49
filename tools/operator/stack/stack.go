// Package stack finds a deployed stack with the operator's own AWS credentials. Its errors are one line each and say what to do.
package stack

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
)

// Stack is what CloudFormation knows of a stack. Neither map holds a secret: outputs and parameters can be read by whoever may
// describe the stack.
type Stack struct {
	Name       string
	Region     string
	Status     string // CloudFormation's, as UPDATE_COMPLETE
	Outputs    map[string]string
	Parameters map[string]string // defaults included
}

// Load returns the configuration of AWS clients that the environment, the shared configuration files and the machine's role
// give, in the SDK's usual order; AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE> included. It is an error if there is no
// region or there are no credentials.
func Load(ctx context.Context) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return aws.Config{}, fmt.Errorf("the AWS configuration is not usable: %w", err)
	}
	if cfg.Region == "" {
		return aws.Config{}, fmt.Errorf("no AWS region: set AWS_REGION, or AWS_PROFILE to a profile that has one")
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return aws.Config{}, fmt.Errorf("no AWS credentials: set AWS_PROFILE or sign in with the AWS CLI (%s)", oneLine(err))
	}
	return cfg, nil
}

// Find returns the stack of that name in the configuration's region.
func Find(ctx context.Context, cfg aws.Config, name string) (Stack, error) {
	out, err := cloudformation.NewFromConfig(cfg).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if err != nil {
		if code, message := apiError(err); code == "ValidationError" && strings.Contains(message, "does not exist") {
			return Stack{}, fmt.Errorf("there is no stack %q in %s: check the name, AWS_REGION and AWS_PROFILE", name, cfg.Region)
		}
		return Stack{}, Explain("cloudformation:DescribeStacks", err)
	}
	if len(out.Stacks) != 1 {
		return Stack{}, fmt.Errorf("CloudFormation describes %d stacks of the name %q, want 1", len(out.Stacks), name)
	}
	found := out.Stacks[0]
	s := Stack{
		Name: name, Region: cfg.Region, Status: string(found.StackStatus),
		Outputs: map[string]string{}, Parameters: map[string]string{},
	}
	for _, output := range found.Outputs {
		s.Outputs[aws.ToString(output.OutputKey)] = aws.ToString(output.OutputValue)
	}
	for _, parameter := range found.Parameters {
		s.Parameters[aws.ToString(parameter.ParameterKey)] = aws.ToString(parameter.ParameterValue)
	}
	return s, nil
}

// Output returns one of the template's outputs.
func (s Stack) Output(name string) (string, error) {
	value := s.Outputs[name]
	if value == "" {
		return "", fmt.Errorf("stack %q (%s) has no output %s: is it a Sallyport stack, and fully deployed?", s.Name, s.Status, name)
	}
	return value, nil
}

package sam

import (
	"context"
	"os"
	"os/exec"
)

// SkipPull is the argument that has an image that is there taken as it is: where no registry can be reached, asking for a newer one would fail.
func SkipPull(ctx context.Context) []string {
	if exec.CommandContext(ctx, "docker", "image", "inspect", Image()).Run() != nil {
		return nil
	}
	return []string{"--skip-pull-image"}
}

// Environment is what `sam local` is to be run with: this process's own, with credentials that are good for nothing. Before each command
// SAM asks AWS whose credentials it has, and would wait for an answer.
func Environment() []string {
	return append(os.Environ(), "SAM_CLI_TELEMETRY=0", "AWS_DEFAULT_REGION=us-east-1", "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
		"AWS_SESSION_TOKEN=", "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1", "AWS_ENDPOINT_URL_STS=http://127.0.0.1:9")
}

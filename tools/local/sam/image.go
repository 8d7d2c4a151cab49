package sam

import "runtime"

// Architecture is this machine's processor as Lambda names it: containers for another one would be emulated, or not start.
func Architecture() string {
	if runtime.GOARCH == "arm64" {
		return "arm64"
	}
	return "x86_64"
}

// Image is the one that `sam local` makes the functions' containers from.
func Image() string { return "public.ecr.aws/lambda/provided:al2023-" + Architecture() }

package lambda

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sallyport/tools/local/template"
)

// oneCPU is the memory at which Lambda gives a function one full virtual CPU; below it gives a share of one.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
const oneCPU = 1769

// functionKey begins the access key id of every function's credentials. ASIA is what AWS gives temporary credentials.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
const functionKey = "ASIALOCAL"

// AccessKeyID is the access key id of a function's credentials. It is the same in every run and in all processes of the function, so
// that a service that is called can tell which function calls; 55 bits of a hash keep two functions from having the same. The secret
// and the session token are random and each process's own. Nothing verifies the signatures that are made with them: who calls is
// known by what he says, so that a process is not taken for another's by mistake, but could pass itself off as one.
func AccessKeyID(functionID string) string {
	sum := sha256.Sum256([]byte(functionID))
	return functionKey + base32.StdEncoding.EncodeToString(sum[:])[:11]
}

// Credentials are the variables by which a function's process knows its credentials. All but the access key id are made up each time.
func Credentials(functionID string) map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID": AccessKeyID(functionID), "AWS_SECRET_ACCESS_KEY": rand.Text(), "AWS_SESSION_TOKEN": rand.Text() + rand.Text(),
	}
}

// IsFunctionKey tells whether an access key id is some function's.
func IsFunctionKey(accessKeyID string) bool { return strings.HasPrefix(accessKeyID, functionKey) }

// functionName is what AWS_LAMBDA_FUNCTION_NAME says.
func (o Options) functionName(functionID string) string { return o.StackName + "-" + functionID }

func (o Options) functionARN(functionID string) string {
	return "arn:aws:lambda:" + o.Region + ":" + o.AccountID + ":function:" + o.functionName(functionID)
}

// reserved are the variables that Lambda sets and refuses in a template.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
func reserved(name string) bool {
	return slices.Contains([]string{
		"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
		"AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
	}, name)
}

func checkEnvironment(f template.Function) error {
	for _, name := range slices.Sorted(maps.Keys(f.Environment)) {
		if reserved(name) {
			return fmt.Errorf("%s (line %d of the template) sets the environment variable %s, which Lambda reserves: rename it", f.LogicalID, f.Line, name)
		}
	}
	return nil
}

// environment is what Lambda would give the function, and nothing of this process's own.
func (o Options) environment(f template.Function, taskRoot, runtimeAPI string) []string {
	env := map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          runtimeAPI,
		"AWS_REGION":                      o.Region,
		"AWS_DEFAULT_REGION":              o.Region,
		"AWS_LAMBDA_FUNCTION_NAME":        o.functionName(f.LogicalID),
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.MemoryMiB),
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + o.functionName(f.LogicalID),
		"AWS_LAMBDA_LOG_STREAM_NAME":      "local",
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"_HANDLER":                        "bootstrap",
		"LAMBDA_TASK_ROOT":                taskRoot,
		"TZ":                              ":UTC",
		"LANG":                            "en_US.UTF-8",
		"PATH":                            "/usr/local/bin:/usr/bin:/bin",
	}
	maps.Copy(env, Credentials(f.LogicalID))
	if f.MemoryMiB < oneCPU {
		env["GOMAXPROCS"] = "1"
	}
	maps.Copy(env, o.Environment)
	maps.Copy(env, f.Environment)
	list := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

// Twice speaks the Runtime API by hand, breaks its rules, and answers with the statuses it got.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	base := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/"
	post := func(path, body string) int {
		response, err := http.Post(base+path, "application/json", strings.NewReader(body))
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		response.Body.Close()
		return response.StatusCode
	}
	next := func() (string, int) {
		response, err := http.Get(base + "invocation/next")
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		return response.Header.Get("Lambda-Runtime-Aws-Request-Id"), response.StatusCode
	}
	var seen []int
	for {
		id, _ := next()
		_, early := next()
		seen = append(seen, early, post("invocation/another/response", "{}"), post("init/error", "{}"), post("nothing", "{}"))
		fmt.Println("seen", seen)
		post("invocation/"+id+"/response", strings.ReplaceAll(fmt.Sprint(seen), " ", ","))
		seen = []int{post("invocation/"+id+"/response", "{}"), post("invocation/"+id+"/error", "{}")}
	}
}

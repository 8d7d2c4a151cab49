// Needy can't do without a setting.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "the setting THINGS_TABLE is missing")
	os.Exit(1)
}

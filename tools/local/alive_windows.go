package main

import "os"

// alive tells whether there is a process with this id.
func alive(pid int) bool {
	_, err := os.FindProcess(pid)
	return err == nil
}

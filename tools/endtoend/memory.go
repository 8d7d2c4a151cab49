package endtoend

import (
	"fmt"
	"os"
	"strings"
)

// PeakResident returns the most resident memory that a process has had so far, in KiB: VmHWM, as Linux counts it (proc(5)).
func PeakResident(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("reading a process's memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			var kib int
			if _, err := fmt.Sscan(value, &kib); err != nil {
				return 0, fmt.Errorf("reading a process's memory: %w", err)
			}
			return kib, nil
		}
	}
	return 0, fmt.Errorf("the process %d has no VmHWM", pid)
}

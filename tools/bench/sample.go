package main

import (
	"slices"
	"time"
)

// interleave runs each of the sides in turn, rounds times over, and returns the median time of each.
func interleave(rounds int, sides ...func() (time.Duration, error)) ([]time.Duration, error) {
	times := make([][]time.Duration, len(sides))
	for range rounds {
		for i, side := range sides {
			took, err := side()
			if err != nil {
				return nil, err
			}
			times[i] = append(times[i], took)
		}
	}
	medians := make([]time.Duration, len(sides))
	for i := range times {
		medians[i] = quantile(times[i], 0.5)
	}
	return medians, nil
}

// each returns a side that calls f n times and takes the mean time of one call.
func each(n int, f func() error) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		began := time.Now()
		for range n {
			if err := f(); err != nil {
				return 0, err
			}
		}
		return time.Since(began) / time.Duration(n), nil
	}
}

func quantile(times []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

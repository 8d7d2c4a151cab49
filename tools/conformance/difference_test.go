package conformance_test

import (
	"fmt"
	"strings"
	"testing"
)

// difference is one way in which an emulator is not as the service.
type difference struct {
	says string            // for docs/local.md: a sentence without a full stop
	rows map[string]answer // what it answers instead, by area/row
}

// same is for rows of one area that an emulator answers in the same way.
func same(a answer, area string, rows ...string) map[string]answer {
	all := map[string]answer{}
	for _, row := range rows {
		all[area+"/"+row] = a
	}
	return all
}

// both joins the rows of two areas.
func both(one, two map[string]answer) map[string]answer {
	for row, a := range two {
		one[row] = a
	}
	return one
}

// byRow gives what an emulator answers instead, for the rows that it answers differently.
func byRow(differences []difference) map[string]answer {
	all := map[string]answer{}
	for _, d := range differences {
		all = both(all, d.rows)
	}
	return all
}

func TestEveryDifferenceIsOfARowThatExistsAndOfOneReason(t *testing.T) {
	rows := map[string]bool{}
	for _, area := range table() {
		for _, row := range area.rows {
			name := area.name + "/" + row.name
			if rows[name] {
				t.Errorf("%s is there twice", name)
			}
			rows[name] = true
		}
	}
	for emulator, differences := range map[string][]difference{"tools/local": localDifferences(), "sam local": samDifferences()} {
		reasons := map[string]string{}
		for _, d := range differences {
			for row, instead := range d.rows {
				if !rows[row] {
					t.Errorf("%s: %q names the row %s, which there is not", emulator, d.says, row)
				}
				if other, ok := reasons[row]; ok {
					t.Errorf("%s: %s has two reasons: %q and %q", emulator, row, other, d.says)
				}
				if fmt.Sprint(instead) == fmt.Sprint(answer{}) {
					t.Errorf("%s: %s: nothing is said of what it answers instead", emulator, row)
				}
				reasons[row] = d.says
			}
		}
	}
}

func TestEveryRowSaysWhereItsExpectationComesFrom(t *testing.T) {
	for _, area := range table() {
		for _, row := range area.rows {
			if row.cites.unknown == strings.HasPrefix(row.cites.url, "https://") || row.cites.title == "" {
				t.Errorf("%s/%s cites %+v", area.name, row.name, row.cites)
			}
		}
	}
}

package pushdown_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/pushdown"
)

func TestAFaultThatEverybodySeesNamesTheSourceAndNotWhereItIs(t *testing.T) {
	p := problem.New(problem.Unavailable, "warehouse.problem.login_refused", "Host", "db.internal.example.com", "Detail", `user "reporting"`, "Column", "spent")
	fault := pushdown.NewFault("Warehouse", p.Because(errors.New("28P01")))
	told := fmt.Sprint(problem.Of(fault).Args)
	if strings.Contains(told, "internal") || strings.Contains(told, "reporting") || !strings.Contains(told, "Warehouse") || !strings.Contains(told, "spent") {
		t.Errorf("told: %s", told)
	}
	if !fault.Passing || !strings.Contains(fault.Error(), "28P01") {
		t.Errorf("%+v: %s", fault, fault.Error())
	}
	if fmt.Sprint(p.Args[1]) != "db.internal.example.com" {
		t.Error("who tests the source is not told where it is")
	}
}

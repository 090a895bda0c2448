package main

import "testing"

func TestMetricsAreForThisMachineUnlessAHostIsNamed(t *testing.T) {
	for listen, want := range map[string]string{"9464": "127.0.0.1:9464", ":9464": "127.0.0.1:9464", "0.0.0.0:9464": "0.0.0.0:9464", "[::]:9464": "[::]:9464",
		"metrics.internal:1": "metrics.internal:1"} {
		if got := onThisMachine(listen); got != want {
			t.Errorf("%s listens on %s, want %s", listen, got, want)
		}
	}
}

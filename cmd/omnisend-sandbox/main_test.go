package main

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

func TestBrandsAreReadFromTheirShortForm(t *testing.T) {
	brands, err := parseBrands([]string{"a=key-a", "b=key-b=The brand = b"})
	if err != nil || len(brands) != 2 || brands[0].Key != "key-a" || brands[0].Name != "a" || brands[1].Name != "The brand = b" {
		t.Errorf("%+v, %v", brands, err)
	}
	for _, bad := range []string{"", "a", "a=", "=key"} {
		if _, err := parseBrands([]string{bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestServesUntilToldToStop(t *testing.T) {
	t.Setenv("SEGUE_SANDBOX_SPEED", "60")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	var o options
	parser, err := kong.New(&o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"--listen", address, "--file", t.TempDir() + "/state"}); err != nil || o.Speed != 60 {
		t.Fatalf("%v, speed %v", err, o.Speed)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, o) }()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		response, err := http.Get("http://" + address + "/")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("status %d", response.StatusCode)
			}
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("did not stop")
	}
}

package mail

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

// FuzzAnswersOfServers holds that whatever an SMTP server says, and whenever it hangs up, the sender ends with success or a failure that
// people can be told, without the address of the letter.
func FuzzAnswersOfServers(f *testing.F) {
	for _, seed := range []string{
		"220 hello\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go on\r\n250 taken\r\n221 bye\r\n",
		"220 hello\r\n250-a\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n550 no\r\n", "554 go away\r\n", "220 hello\r\n250 ok\r\n451 later\r\n", "999\r\n", "22", "220-\r\n220-\r\n", "\x00\xff\n\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, answers string) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			said := make([]byte, 4096)
			for _, line := range strings.SplitAfter(answers, "\n") {
				if _, err := conn.Write([]byte(line)); err != nil {
					return
				}
				_ = conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond)) // some lines are answered to nothing that was said
				_, _ = conn.Read(said)
			}
		}()
		err = sender(t, Config{URL: "smtp://" + listener.Addr().String(), Timeout: time.Second}).Send(t.Context(), letter())
		var failure *Failure
		if err != nil && (!errors.As(err, &failure) || failure.Code == "" || strings.Contains(err.Error(), "ada@")) {
			t.Fatalf("%#v", err)
		}
	})
}

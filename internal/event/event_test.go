package event

import (
	"reflect"
	"testing"
)

func TestAListenerHearsItsTopicsFoldedAndNoOthers(t *testing.T) {
	var hub Hub
	l := hub.Listen("run/1", "run/2")
	defer l.Close()
	hub.Publish("run/2", "run/3")
	hub.Publish("run/1")
	hub.Publish("run/2")
	<-l.Ready()
	if got := l.Take(); !reflect.DeepEqual(got, []string{"run/1", "run/2"}) {
		t.Fatalf("heard %v", got)
	}
	select {
	case <-l.Ready():
		t.Fatal("ready again without news")
	default:
	}
}

func TestAClosedListenerHearsNothing(t *testing.T) {
	var hub Hub
	l := hub.Listen("run/1")
	l.Close()
	hub.Publish("run/1")
	if got := l.Take(); len(got) != 0 {
		t.Fatalf("heard %v", got)
	}
}

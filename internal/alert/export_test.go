package alert

import "time"

// Hurry has Watch look after every event, and after none.
func (s *Service) Hurry() { s.rhythm = rhythm{every: time.Hour, rest: time.Millisecond} }

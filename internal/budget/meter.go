package budget

import "time"

// Minute is what was made of a brand's budget within a minute of the clock on the wall, or a part of it.
type Minute struct {
	BrandID  string
	Start    time.Time
	Requests int // admitted
	Refused  int // answered "too many requests" in that minute
	Waiting  int // most that waited for a place at one time
	Limit    int // of requests in a minute, the least that we allowed ourselves in it; 0: none
}

func (m Minute) empty() bool { return m.Requests == 0 && m.Refused == 0 && m.Waiting == 0 }

// meter counts what is made of a budget until somebody collects it. It is guarded by the budget's mutex, and allocates once
// a minute at most.
type meter struct {
	number  int64 // of the minute since 1970
	current Minute
	earlier []Minute // before the current one, not collected
}

// mostUncollected is for how many minutes the meter counts when nobody collects: a program that ends soon.
const mostUncollected = 60

// at is the minute to count in.
func (b *Budget) at(now time.Time) *Minute {
	m := &b.meter
	if number := now.Unix() / 60; number != m.number {
		if !m.current.empty() {
			m.earlier = append(m.earlier[max(0, len(m.earlier)+1-mostUncollected):], m.current)
		}
		m.number, m.current = number, Minute{Start: time.Unix(number*60, 0), Limit: b.perMinute()}
	}
	m.current.Limit = min(m.current.Limit, b.perMinute())
	return &m.current
}

// perMinute is the limit in force as one of a minute: the window is shorter where time runs faster.
func (b *Budget) perMinute() int {
	return int(int64(b.effective) * int64(time.Minute) / int64(b.window))
}

func (b *Budget) waiting() int {
	n := len(b.readers)
	for _, q := range b.queues {
		n += len(q.waiters)
	}
	return n
}

// collect appends what was counted since the last time. Who still waits is counted in the minute that it is now.
func (b *Budget) collect(brandID string, into []Minute) []Minute {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	m := b.at(time.Now())
	m.Waiting = max(m.Waiting, b.waiting())
	for _, earlier := range b.meter.earlier {
		earlier.BrandID = brandID
		into = append(into, earlier)
	}
	b.meter.earlier = nil
	if !m.empty() {
		now := *m
		now.BrandID = brandID
		into = append(into, now)
		m.Requests, m.Refused, m.Waiting = 0, 0, 0
	}
	return into
}

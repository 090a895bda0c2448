package secret

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
)

// wipe overwrites the value of a variable in the memory that /proc/self/environ shows, which is as the process began; Go works with a
// copy. What was set since is not there. A system that hides that memory keeps the value: there is no harm in trying.
func wipe(name string) {
	shown, err := os.ReadFile("/proc/self/environ")
	begin, ok := environment()
	if err != nil || !ok {
		return
	}
	at := 0
	for _, variable := range bytes.SplitAfter(shown, []byte{0}) {
		if value, found := bytes.CutPrefix(variable, []byte(name+"=")); found {
			value = bytes.TrimSuffix(value, []byte{0})
			_ = overwrite(begin+int64(at+len(name)+1), len(value))
		}
		at += len(variable)
	}
}

func overwrite(at int64, length int) error {
	memory, err := os.OpenFile("/proc/self/mem", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = memory.WriteAt(bytes.Repeat([]byte{'*'}, length), at)
	return errors.Join(err, memory.Close())
}

// environment is where the environment begins in memory: field 50 of proc_pid_stat(5). Its second field, the program's name in
// parentheses, may hold anything.
func environment() (begin int64, ok bool) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0, false
	}
	const third, fiftieth = 3, 50 // numbers of the fields behind the name begin with 3
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) <= fiftieth-third {
		return 0, false
	}
	begin, err = strconv.ParseInt(fields[fiftieth-third], 10, 64)
	return begin, err == nil && begin > 0
}

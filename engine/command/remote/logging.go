package remote

import (
	"bytes"
	"io"
	"sync"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// Logging says which of a command's outputs are shown while it runs; all of it, where nothing is said. What is kept as the
// resource's outputs does not depend on it.
type Logging string

const (
	logNone   Logging = "none"
	logStdout Logging = "stdout"
	logStderr Logging = "stderr"
	logBoth   Logging = "stdoutAndStderr"
)

// Values are what a program can say.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "none", Value: logNone, Description: "Log neither"},
		{Name: "stdout", Value: logStdout, Description: "Log standard output"},
		{Name: "stderr", Value: logStderr, Description: "Log standard error"},
		{Name: "stdoutAndStderr", Value: logBoth, Description: "Log both"},
	}
}

// tee writes one of the streams to its sinks, and to the log where it is wanted there.
func (l *Logging) tee(stream Logging, log io.Writer, sinks ...io.Writer) io.Writer {
	if wanted := or(l, logBoth); wanted == logBoth || wanted == stream {
		sinks = append(sinks, log)
	}
	return io.MultiWriter(sinks...)
}

// lineLogger passes whole lines on, however long they are.
type lineLogger struct {
	mu      sync.Mutex
	pending bytes.Buffer
	log     func(line string)
}

func (l *lineLogger) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending.Write(text)
	for {
		end := bytes.IndexByte(l.pending.Bytes(), '\n')
		if end < 0 {
			return len(text), nil
		}
		line := l.pending.Next(end + 1)
		l.log(string(bytes.TrimRight(line, "\r\n")))
	}
}

// flush passes on a last line that has no end.
func (l *lineLogger) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending.Len() > 0 {
		l.log(l.pending.String())
		l.pending.Reset()
	}
}

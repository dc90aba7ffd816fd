package remote

import (
	"os"
	"path/filepath"
	"testing"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

func write(t *testing.T, path, content string) string {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(path), 0o755))
	check(t, os.WriteFile(path, []byte(content), 0o644))
	return path
}

func wantFile(t *testing.T, path, content string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != content {
		t.Errorf("%s is %q (%v), want %q", path, got, err, content)
	}
}

func file(t *testing.T, path string) property.Value {
	a, err := asset.FromPath(path)
	check(t, err)
	return property.New(a)
}

func folder(t *testing.T, path string) property.Value {
	a, err := archive.FromPath(path)
	check(t, err)
	return property.New(a)
}

func TestCopyToRemote(t *testing.T) {
	s, r := start(t), newRig(t)
	r.urn = urn("CopyToRemote")
	local, host := t.TempDir(), t.TempDir()
	source := write(t, filepath.Join(local, "dir", "a.txt"), "a")
	write(t, filepath.Join(local, "dir", "sub", "b.txt"), "b")
	copied := func(source property.Value, to string) values {
		return values{"connection": s.connection(nil), "source": source, "remotePath": text(to)}
	}

	check(t, r.create(copied(file(t, source), filepath.Join(host, "new.txt"))))
	wantFile(t, filepath.Join(host, "new.txt"), "a")
	check(t, r.create(copied(file(t, source), host)))
	wantFile(t, filepath.Join(host, "a.txt"), "a")
	check(t, r.create(copied(folder(t, filepath.Join(local, "dir")), host)))
	wantFile(t, filepath.Join(host, "dir", "sub", "b.txt"), "b")
	check(t, r.create(copied(folder(t, filepath.Join(local, "dir")+"/"), filepath.Join(host, "contents"))))
	wantFile(t, filepath.Join(host, "contents", "sub", "b.txt"), "b")
	wantError(t, r.create(copied(folder(t, filepath.Join(local, "dir")), filepath.Join(host, "new.txt"))), "is not a folder")

	// An update copies a changed source, and nothing where only the connection is another.
	check(t, r.create(copied(file(t, source), filepath.Join(host, "new.txt"))))
	write(t, source, "changed")
	check(t, r.update(copied(file(t, source), filepath.Join(host, "new.txt"))))
	wantFile(t, filepath.Join(host, "new.txt"), "changed")
	write(t, filepath.Join(host, "new.txt"), "kept")
	args := copied(file(t, source), filepath.Join(host, "new.txt"))
	args["connection"] = s.connection(values{"user": text("someone")})
	check(t, r.update(args))
	wantFile(t, filepath.Join(host, "new.txt"), "kept")

	before := s.Dials.Load()
	_, err := r.Create(provider.CreateRequest{Urn: r.urn, Properties: r.args, DryRun: true})
	check(t, err)
	if s.Dials.Load() != before {
		t.Error("a preview dialled")
	}
}

func TestLineLoggerPassesWholeLines(t *testing.T) {
	var lines []string
	l := &lineLogger{log: func(line string) { lines = append(lines, line) }}
	for _, part := range []string{"o", "ne\ntwo\r\nth", "ree"} {
		_, _ = l.Write([]byte(part))
	}
	l.flush()
	if len(lines) != 3 || lines[0] != "one" || lines[1] != "two" || lines[2] != "three" {
		t.Errorf("%q", lines)
	}
}

func TestLoggingPicksTheStreams(t *testing.T) {
	for logging, want := range map[Logging]string{logNone: "", logStdout: "out", logStderr: "err", logBoth: "outerr", "": "outerr"} {
		var log, sink capture
		chosen := &logging
		if logging == "" {
			chosen = nil
		}
		_, _ = chosen.tee(logStdout, &log, &sink).Write([]byte("out"))
		_, _ = chosen.tee(logStderr, &log, &sink).Write([]byte("err"))
		if log.String() != want || sink.String() != "outerr" {
			t.Errorf("%q: logged %q, kept %q", logging, log.String(), sink.String())
		}
	}
}

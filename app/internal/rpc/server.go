package rpc

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
)

// ServerConfig is what a Server is built from. All fields are needed.
type ServerConfig struct {
	Dir    string // data folder, owned by this process (mode 0700)
	Engine engine.Engine
	Log    *slog.Logger
	// Raise is told when another window was started, so that this one shows itself;
	// nil where this process has no window: then one that attends is told.
	Raise func(target string)
}

// Server answers other programs of the same user.
type Server struct {
	ServerConfig
	methods map[string]method
	listen  net.Listener
	seats   seats
}

// maxClients bounds how many programs are answered at once.
const maxClients = 64

// NewServer opens the socket. The caller owns the data folder's lock, so a
// socket file that is left over there is nobody's and is replaced.
func NewServer(c ServerConfig) (*Server, error) {
	path := filepath.Join(c.Dir, SocketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("removing an old socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("opening the local socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("closing the local socket to others: %w", err), l.Close())
	}
	return &Server{ServerConfig: c, methods: methods(), listen: l}, nil
}

// Serve answers until ctx ends; then all connections are closed and waited for.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var clients sync.WaitGroup
	defer clients.Wait()
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = s.listen.Close() })
	defer stop()
	room := make(chan struct{}, maxClients)
	for {
		conn, err := s.listen.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("waiting for other programs: %w", err)
		}
		room <- struct{}{}
		clients.Go(func() {
			defer func() { <-room }()
			s.client(ctx, conn)
		})
	}
}

// client answers one connection until it or ctx ends.
func (s *Server) client(ctx context.Context, conn net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer conn.Close()
	if err := samePeer(conn); err != nil {
		s.Log.Warn("refused a program at the local socket", "error", err)
		return
	}
	in := bufio.NewScanner(conn)
	in.Buffer(make([]byte, 0, 64<<10), maxMessage)
	out := json.NewEncoder(conn)
	for in.Scan() {
		var r request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			return
		}
		switch r.Method {
		case "watch":
			s.stream(ctx, out)
			return
		case "attend":
			s.attend(ctx, conn, r, in, out)
			return
		}
		if err := out.Encode(s.answer(ctx, r)); err != nil {
			return
		}
	}
}

func (s *Server) stream(ctx context.Context, out *json.Encoder) {
	for c := range s.Engine.Watch(ctx) {
		if out.Encode(c) != nil {
			return
		}
	}
}

func (s *Server) answer(ctx context.Context, r request) (out reply) {
	defer func() {
		if p := recover(); p != nil { // a fault in one call never ends the engine
			s.Log.Error("answering another program", "method", r.Method, "panic", fmt.Sprint(p))
			out = reply{Error: words.Text("something went wrong inside; the log has more")}
		}
	}()
	if r.Method == "raise" {
		var target string
		if err := json.Unmarshal(r.Args, &target); err != nil {
			return reply{Error: err.Error()}
		}
		return reply{Result: json.RawMessage(fmt.Sprint(s.seats.raise(ctx, s.Raise, target)))}
	}
	m, ok := s.methods[r.Method]
	if !ok {
		return reply{Error: words.Sprintf("this version does not know %q; start the same version of both programs", r.Method)}
	}
	v, err := m(ctx, s.Engine, r.Args)
	if err != nil {
		out = reply{Error: err.Error()}
		errors.As(err, &out.Certificate)
		for code, sentinel := range sentinels {
			if errors.Is(err, sentinel) {
				out.Code = code
			}
		}
	}
	if v == nil {
		return out
	}
	if out.Result, err = json.Marshal(v); err != nil {
		return reply{Error: err.Error()}
	}
	return out
}

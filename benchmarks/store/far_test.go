package store_test

import (
	"context"
	"flag"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

var latency = flag.Duration("latency", 0, "what a round trip to PostgreSQL takes longer than it does")

// far dials connections on which an answer comes later.
func far(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		return &farConn{Conn: c}, err
	}
}

// farConn holds an answer back until the way there and back is over. What is
// written together, or before the answer to what came before, waits once.
type farConn struct {
	net.Conn

	asked atomic.Int64 // when, in nanoseconds; 0: it was answered
}

func (c *farConn) Write(b []byte) (int, error) {
	c.asked.Store(time.Now().UnixNano())
	return c.Conn.Write(b)
}

func (c *farConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if asked := c.asked.Swap(0); asked != 0 {
		time.Sleep(time.Until(time.Unix(0, asked).Add(*latency)))
	}
	return n, err
}

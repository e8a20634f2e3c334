extension LoadOptions {
    public static let help = """
        zendan-load asks an HTTP/1.1 server for something again and again, and measures.

        usage: zendan-load [options] http://host:port/path
               zendan-load [options] -f FILE http://host:port

        The load:
          -c, --connections N   clients at the same time (10; 100 with -r)
          -r, --rate N          start N requests (or page views) per second, whatever the server does: the open loop.
                                Latency counts from when a request was due, so no wait is left out. Without -r each
                                client sends its next request when the last one is answered: the closed loop
          -d, --duration TIME   start nothing after TIME (10s; with -n: 10m)
          -n, --requests N      start at most N
          -w, --warmup TIME     time before the duration that is not measured (0)
          -t, --threads N       event loops (1)
              --timeout TIME    longest wait for an answer (10s)
              --seed N          chooses among weighted requests in the same order again (1)

        What is asked:
          -f, --file FILE       weighted requests and page views; docs/zendan-load.md describes the format
          -X, --method METHOD   (GET; POST with a body)
          -H, --header "N: v"   one more header field; may be repeated
          -b, --cookie "n=v"    a Cookie field
              --body TEXT, --body-file FILE
              --new-connections every request or view opens its own connections

        What is shown:
          -T, --apdex TIME      T of the Apdex: answers within T satisfy, within 4T are tolerated (0.5s)
              --format FORMAT   table or json (table)
              --progress, --no-progress   (on a terminal)
          -h, --help
          -V, --version

        Times are written 500ms, 10s, 2m, 1h; a bare number is seconds. The exit status is 0 when at least one answer
        came, 1 when none did, and 2 when the command line was not understood.

        """
}

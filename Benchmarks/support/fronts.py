"""What the scripts in Benchmarks share: a front (nginx or zendan) with a configuration, its memory and its descriptors, a
table of figures, and claims that are ok or NOT ok.

Everything happens on the loopback interface and in a temporary directory that is removed at the end.
"""

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ZENDAN = os.environ.get("ZENDAN_BINARY", os.path.join(ROOT, ".build/release/zendan"))
NGINX = os.environ.get("NGINX_BINARY", "/usr/sbin/nginx")

MAIN = """
daemon off;
worker_processes {workers};
worker_rlimit_nofile {files};
error_log {place}/error.log {level};
pid {place}/front.pid;
{user}
{main}
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    {others}
    {http}
    server {{
        listen 127.0.0.1:{port} {listen};
        {server}
    }}
}}
"""


def missing(what):
    print(f"{os.path.relpath(sys.argv[0], ROOT)}: {what}", file=sys.stderr)
    sys.exit(2)


def wait_for(condition, seconds=20.0, every=0.01):
    """Waits until `condition()` is true; its value, or None when it stays false."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            return None
        time.sleep(every)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def children(pid):
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += [int(word) for word in file.read().split()]
    except OSError:
        pass
    return found


def pss(pid):
    """Bytes: the proportional set size of one process; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return int(re.search(r"^Pss:\s+(\d+) kB", file.read(), re.M).group(1)) * 1024
    except (OSError, AttributeError):
        return 0


def processor_time(pid):
    """Seconds that all threads of one process have run; 0 when it is gone."""
    total = 0
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                total += int(file.read().split()[0])
    except OSError:
        pass
    return total / 1e9


def descriptors(pid):
    """What the process has open: the targets of /proc/PID/fd."""
    found = []
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
            except OSError:
                pass
    except OSError:
        pass
    return found


class Workplace:
    """A temporary directory, and the fronts that run in it; both end with the `with` block."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="zendan-bench.")
        os.chmod(self.path, 0o755)
        self.fronts = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for front in self.fronts:
            front.stop()
        shutil.rmtree(self.path, ignore_errors=True)

    def front(self, name, **settings):
        front = Front(name, os.path.join(self.path, f"{name}{len(self.fronts)}"), **settings)
        self.fronts.append(front)
        return front


class Front:
    """nginx or zendan with one server block. Both get the same text; only port and paths differ."""

    def __init__(self, name, place, server, http="", main="", workers=1, connections=16384, level="error",
                 listen="backlog=4096"):
        binary = ZENDAN if name == "zendan" else NGINX
        if not os.access(binary, os.X_OK):
            missing(f"{binary} is missing" + ("; build it: swift build -c release" if name == "zendan" else ""))
        self.name = name
        self.place = place
        self.port = free_port()
        os.makedirs(place)
        self.file = os.path.join(place, "front.conf")
        # Debian's nginx makes directories for protocols that are not used here, where only root may.
        others = "".join(f"{other}_temp_path {place}/{other}; " for other in ("fastcgi", "uwsgi", "scgi") if name == "nginx")
        files = min(connections + 2000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        substitutions = {
            "place": place, "port": self.port, "workers": workers, "connections": connections, "level": level,
            "listen": listen, "files": files, "others": others, "user": "user root;" if os.geteuid() == 0 else "",
        }

        def fill(text):
            return text.replace("@PLACE@", place).replace("@PORT@", str(self.port))

        self.text = MAIN.format(**substitutions, main=fill(main), http=fill(http), server=fill(server))
        self.write(self.text)
        self.output = open(os.path.join(place, "output"), "wb")
        self.process = subprocess.Popen(
            [binary, "-p", place + "/", "-c", self.file, "-e", os.path.join(place, "error.log")],
            stdout=self.output, stderr=self.output)
        if not wait_for(self.is_up, 20):
            self.stop()
            with open(os.path.join(place, "output")) as file:
                missing(f"{name} does not start:\n{file.read()}")

    def write(self, text):
        """Puts a configuration in place of the one in the file."""
        with open(self.file, "w") as file:
            file.write(text)

    def is_up(self):
        if self.process.poll() is not None:
            return False
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return bool(self.workers())

    def workers(self):
        return children(self.process.pid)

    @property
    def worker(self):
        return self.workers()[0]

    @property
    def tree_pss(self):
        """Bytes: the whole front, supervisor and workers."""
        return pss(self.process.pid) + sum(pss(pid) for pid in self.workers())

    @property
    def processor_time(self):
        """Seconds that the whole front has run."""
        return processor_time(self.process.pid) + sum(processor_time(pid) for pid in self.workers())

    def connect(self, receive_buffer=None, timeout=30):
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(timeout)
        connection.connect(("127.0.0.1", self.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def errors(self):
        try:
            with open(os.path.join(self.place, "error.log"), errors="replace") as file:
                return [line.rstrip() for line in file]
        except OSError:
            return []

    def signal(self, number):
        os.kill(self.process.pid, number)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                for pid in self.workers():
                    os.kill(pid, signal.SIGKILL)
                self.process.kill()
                self.process.wait()
        self.output.close()


class Report:
    """Rows of figures, and claims; `finish` ends the script with 0 when every claim was ok."""

    def __init__(self, title, *columns):
        self.failed = 0
        self.widths = [max(12, len(column) + 2) for column in columns]
        self.widths[0] = 34
        print(title)
        self.row(*columns)

    def row(self, *values):
        cells = [str(value) for value in values]
        line = cells[0].ljust(self.widths[0])
        line += "".join(cell.rjust(width) for cell, width in zip(cells[1:], self.widths[1:]))
        print(line.rstrip(), flush=True)

    def claim(self, what, holds):
        print(f"{'ok' if holds else 'NOT ok'}: {what}", flush=True)
        self.failed += 0 if holds else 1
        return holds

    def finish(self):
        sys.exit(1 if self.failed else 0)


def megabytes(count):
    return f"{count / 1048576:.1f} MB"


def read_head(connection, buffer=b""):
    """Reads to the end of a response's head: (status, fields in lower case, bytes behind the head). EOFError when it is cut."""
    while b"\r\n\r\n" not in buffer:
        part = connection.recv(65536)
        if not part:
            raise EOFError(f"closed within a head, after {len(buffer)} bytes")
        buffer += part
    head, rest = buffer.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.strip()
    return int(lines[0].split(" ")[1]), fields, rest


def read_body(connection, fields, rest):
    """Reads the body that Content-Length or the chunked coding frames. EOFError when it is cut."""
    if fields.get("transfer-encoding", "").lower() == "chunked":
        return read_chunks(connection, rest)
    length = int(fields.get("content-length", 0))
    parts = [rest]
    count = len(rest)
    while count < length:
        part = connection.recv(262144)
        if not part:
            raise EOFError(f"closed within a body, after {count} of {length} bytes")
        parts.append(part)
        count += len(part)
    return b"".join(parts)


def read_chunks(connection, rest):
    body = []
    while True:
        while b"\r\n" not in rest:
            rest += receive_more(connection)
        line, rest = rest.split(b"\r\n", 1)
        size = int(line.split(b";")[0], 16)
        while len(rest) < size + 2:
            rest += receive_more(connection)
        if size == 0:
            return b"".join(body)
        body.append(rest[:size])
        rest = rest[size + 2:]


def receive_more(connection):
    part = connection.recv(262144)
    if not part:
        raise EOFError("closed within a chunk")
    return part

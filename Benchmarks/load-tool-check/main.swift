// Checks zendan-load against a server whose every delay is known. Usage: load-tool-check PATH-OF-ZENDAN-LOAD
//
// The server answers on a thread per connection: it reads a request, sleeps until the moment its answer is due, and writes
// it. Which answers are slow, and when the server freezes, is written down here, so what the tool must find is known.
import Foundation
import Glibc

/// Nanoseconds of the monotonic clock.
func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

func sleep(until moment: Int64) {
    var time = timespec(tv_sec: Int(moment / 1_000_000_000), tv_nsec: Int(moment % 1_000_000_000))
    while clock_nanosleep(CLOCK_MONOTONIC, Int32(TIMER_ABSTIME), &time, nil) == EINTR {}
}

/// A server whose answer to a request that came at a moment is due at the moment that `due` says.
final class DelayServer: @unchecked Sendable {
    let port: UInt16
    private let listener: Int32
    private let due: @Sendable (_ arrived: Int64, _ number: Int) -> Int64
    private let lock = NSLock()
    private var served = 0

    init(_ due: @escaping @Sendable (_ arrived: Int64, _ number: Int) -> Int64) {
        self.due = due
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = self.listener
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { form in
                precondition(bind(listener, form, length) == 0 && listen(listener, 1_024) == 0)
                getsockname(listener, form, &length)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        start { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                if connection < 0 { return }
                start { [self] in serve(connection) }
            }
        }
    }

    private func start(_ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.stackSize = 128 * 1024
        thread.start()
    }

    private func serve(_ connection: Int32) {
        let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".utf8)
        var one: Int32 = 1
        setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while read(connection, &buffer, buffer.count) > 0 {
            let arrived = now()
            lock.lock()
            let number = served
            served += 1
            lock.unlock()
            sleep(until: due(arrived, number))
            if send(connection, answer, answer.count, Int32(MSG_NOSIGNAL)) < 0 { break }
        }
        Glibc.close(connection)
    }
}

/// What zendan-load reports.
struct Report {
    private let members: [String: Any]

    init(_ tool: String, _ arguments: [String], _ server: DelayServer) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tool)
        process.arguments = arguments + ["--format", "json", "--no-progress", "http://127.0.0.1:\(server.port)/"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        members = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    /// Milliseconds.
    func latency(_ figure: String) -> Double {
        ((members["latency"] as? [String: Any])?[figure] as? NSNumber)?.doubleValue ?? .nan
    }

    var answered: Int { (members["answered"] as? NSNumber)?.intValue ?? 0 }
    var isTrustworthy: Bool { (members["trustworthy"] as? NSNumber)?.boolValue ?? true }
    var warnings: [String] { members["warnings"] as? [String] ?? [] }
}

var failed = 0

func check(_ what: String, _ holds: Bool, _ found: String) {
    print((holds ? "ok    " : "FAILED") + "  \(what): \(found)")
    if !holds { failed += 1 }
}

func near(_ value: Double, _ expected: Double, percent: Double) -> Bool {
    abs(value - expected) <= expected * percent / 100
}

func text(_ milliseconds: Double) -> String { String(format: "%.2f ms", milliseconds) }

guard CommandLine.arguments.count == 2 else {
    print("usage: load-tool-check PATH-OF-ZENDAN-LOAD")
    exit(2)
}
let tool = CommandLine.arguments[1]
signal(SIGPIPE, SIG_IGN)

// 1. Known delay: 20 ms, and 80 ms for every fiftieth request: p50 is 20 ms and p99 80 ms.
for arguments in [["-r", "400", "-c", "100", "-d", "10s"], ["-c", "10", "-d", "10s"]] {
    let delays = DelayServer { arrived, number in arrived + (number % 50 == 49 ? 80_000_000 : 20_000_000) }
    let report = try Report(tool, arguments, delays)
    let mode = arguments[0] == "-r" ? "open loop" : "closed loop"
    check("known delay, \(mode), p50 is 20 ms", near(report.latency("p50"), 20, percent: 2), text(report.latency("p50")))
    check("known delay, \(mode), p99 is 80 ms", near(report.latency("p99"), 80, percent: 2), text(report.latency("p99")))
    check("known delay, \(mode), nothing to doubt", report.isTrustworthy, report.warnings.joined(separator: "; "))
}

// 2. A server that answers at once, and freezes for the last second of every ten.
func freezing() -> DelayServer {
    let begin = now()
    return DelayServer { arrived, _ in
        let inPeriod = (arrived - begin) % 10_000_000_000
        return inPeriod >= 9_000_000_000 ? arrived - inPeriod + 10_000_000_000 : arrived
    }
}
let open = try Report(tool, ["-r", "200", "-c", "400", "-d", "20s"], freezing())
check("freeze, open loop sees it at p99 (900 ms)", near(open.latency("p99"), 900, percent: 5), text(open.latency("p99")))
check("freeze, open loop, p50 is the quick answer", open.latency("p50") < 5, text(open.latency("p50")))
let few = try Report(tool, ["-r", "200", "-c", "2", "-d", "20s"], freezing())
check("freeze, open loop with two clients sees it too", few.latency("p99") > 850, text(few.latency("p99")))
let closed = try Report(tool, ["-c", "2", "-d", "20s"], freezing())
check("freeze, closed loop does not see it at p99", closed.latency("p99") < 5, text(closed.latency("p99")))

// 3. More than one loop can do: the tool must say that it is the slow one.
let quick = DelayServer { arrived, _ in arrived }
let tooMuch = try Report(tool, ["-r", "2000000", "-c", "50", "-d", "3s", "--timeout", "1s"], quick)
check("a rate that cannot be kept is said", !tooMuch.isTrustworthy, tooMuch.warnings.joined(separator: "; "))

print(failed == 0 ? "zendan-load can be trusted here" : "\(failed) checks failed (is the machine busy with something else?)")
exit(failed == 0 ? 0 : 1)

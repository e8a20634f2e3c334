import Bytes
import Observability
import Platform
import Testing

/// A log on a memory file: a test needs no directory.
private struct MemoryLog {
    let log: LogFile

    init() throws {
        log = LogFile(path: nil, descriptor: try File.inMemory("log"))
    }

    var text: String {
        get throws { String(decoding: try File.contents("/proc/self/fd/\(log.rawDescriptor)"), as: UTF8.self) }
    }
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite("Log files")
struct LogFileTests {
    @Test("without a buffer each line is written at once")
    func direct() throws {
        let memory = try MemoryLog()
        let writer = LogWriter(file: memory.log)
        writer.append(bytes("one\n").span, now: 0)
        #expect(try memory.text == "one\n")
        #expect(writer.flushDeadline == nil)
    }

    @Test("a buffer holds lines back until the next finds no room")
    func buffered() throws {
        let memory = try MemoryLog()
        let writer = LogWriter(file: memory.log, bufferSize: 10)
        writer.append(bytes("1234\n").span, now: 0)
        writer.append(bytes("5678\n").span, now: 0)
        #expect(try memory.text == "")
        writer.append(bytes("9\n").span, now: 0)
        #expect(try memory.text == "1234\n5678\n")
        writer.append(bytes("longer than it all\n").span, now: 0)
        #expect(try memory.text == "1234\n5678\n9\nlonger than it all\n")
        writer.append(bytes("end\n").span, now: 0)
        writer.flush()
        #expect(try memory.text == "1234\n5678\n9\nlonger than it all\nend\n")
    }

    @Test("the oldest line waits for the flush interval at most")
    func flushInterval() throws {
        let memory = try MemoryLog()
        let writer = LogWriter(file: memory.log, bufferSize: 1_000, flushInterval: 500)
        writer.append(bytes("a\n").span, now: 100)
        writer.append(bytes("b\n").span, now: 400)
        #expect(writer.flushDeadline == 600)
        writer.flushIfNeeded(now: 599)
        #expect(try memory.text == "")
        writer.flushIfNeeded(now: 600)
        #expect(try memory.text == "a\nb\n")
        #expect(writer.flushDeadline == nil)
        writer.append(bytes("c\n").span, now: 700)
        #expect(writer.flushDeadline == 1_200)
    }

    @Test("what is in the buffer is written when the writer goes")
    func deinitFlushes() throws {
        let memory = try MemoryLog()
        do {
            let writer = LogWriter(file: memory.log, bufferSize: 100)
            writer.append(bytes("last\n").span, now: 0)
        }
        #expect(try memory.text == "last\n")
    }

    @Test("a failed write is counted and its reason kept")
    func failure() throws {
        let full = try LogFile(path: "/dev/full")
        #expect(full.failedWrites == 0 && full.takeFailure() == nil)
        full.write(bytes("x\n").span)
        #expect(full.failedWrites == 1 && full.takeFailure() == .noSpace && full.takeFailure() == nil)
    }

    @Test("a file that was moved away is made anew by reopening, under writers that never stop")
    func reopening() throws {
        let directory = "/tmp/zendan-log-\(ProcessControl.identifier)"
        let (path, moved) = (directory + ".log", directory + ".log.1")
        defer {
            try? File.remove(path)
            try? File.remove(moved)
        }
        let log = try LogFile(path: path)
        log.write(bytes("before\n").span)
        try File.rename(path, to: moved)
        log.write(bytes("between\n").span)
        let number = log.rawDescriptor
        try log.reopen()
        log.write(bytes("after\n").span)
        #expect(log.rawDescriptor == number)
        #expect(try File.contents(moved) == bytes("before\nbetween\n"))
        #expect(try File.contents(path) == bytes("after\n"))
    }

    @Test("a reopening that fails leaves the old file in use")
    func failedReopening() throws {
        let log = LogFile(path: "/nonexistent-directory/log", descriptor: try File.inMemory("log"))
        #expect(throws: SystemError.notFound) { try log.reopen() }
        log.write(bytes("still\n").span)
        #expect(log.failedWrites == 0)
    }
}

@Suite("Error log")
struct ErrorLogTests {
    @Test("a line has nginx's form")
    func form() throws {
        let memory = try MemoryLog()
        let log = ErrorLog([ErrorLog.Target(file: memory.log, level: .info)])
        var record = log.record(.error, now: 1_795_506_687, connection: 7)
        record.append("connect() failed")
        record.append(error: .connectionRefused)
        record.append(" while connecting to upstream")
        record.append(client: bytes("127.0.0.1").span)
        record.append(server: bytes("localhost").span)
        record.append(request: bytes("GET / HTTP/1.1").span)
        record.append(upstream: bytes("http://127.0.0.1:1/").span)
        record.append(host: bytes("localhost").span)
        log.write(record)
        let text = try memory.text
        let time = CalendarTime(seconds: 1_795_506_687, utcOffset: Clock.utcOffset(at: 1_795_506_687))
        var start: [UInt8] = []
        time.appendErrorLogForm(to: &start)
        #expect(text.hasPrefix(String(decoding: start, as: UTF8.self) + " [error] \(ProcessControl.identifier)#"))
        #expect(
            text.hasSuffix(
                ": *7 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, "
                    + "server: localhost, request: \"GET / HTTP/1.1\", upstream: \"http://127.0.0.1:1/\", host: \"localhost\"\n"
            ))
    }

    @Test("control bytes of a client are escaped, quotation marks inside quotation marks too")
    func escaping() throws {
        let memory = try MemoryLog()
        let log = ErrorLog([ErrorLog.Target(file: memory.log, level: .debug)])
        var record = log.record(.info, now: 0)
        record.append(bytes("a\r\n\"b\"\\\u{7F}é").span)
        record.append(request: bytes("GET /\u{1B}[2J\"\\ x").span)
        log.write(record)
        #expect(
            try memory.text.hasSuffix(
                "a\\x0D\\x0A\"b\"\\\\x7Fé, request: \"GET /\\x1B[2J\\x22\\x5C x\"\n"))
    }

    @Test("a line is bounded and ends with its end")
    func bound() throws {
        let memory = try MemoryLog()
        let log = ErrorLog([ErrorLog.Target(file: memory.log, level: .debug)])
        for filler in ["x", "\u{1}"] {
            var record = log.record(.info, now: 0)
            for _ in 0..<50 { record.append(bytes(String(repeating: filler, count: 100)).span) }
            record.append(number: 5)
            record.append(" more")
            log.write(record)
        }
        let lines = try memory.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 3 && lines[2].isEmpty)
        for line in lines { #expect(line.utf8.count < ErrorLog.Record.maximumLength) }
        #expect(lines[0].utf8.count > 2_000)
    }

    @Test("each target takes what is as grave as its level or graver", arguments: LogLevel.allCases)
    func levels(level: LogLevel) throws {
        let (all, grave) = (try MemoryLog(), try MemoryLog())
        let log = ErrorLog([
            ErrorLog.Target(file: all.log, level: .debug), ErrorLog.Target(file: grave.log, level: .error),
        ])
        #expect(log.takes(level))
        log.write(level, "message", now: 0)
        #expect(try all.text.contains("[\(level)] "))
        #expect(try grave.text.isEmpty == (level > .error))
    }

    @Test("a log without a target takes nothing")
    func noTarget() {
        let log = ErrorLog([])
        #expect(!log.takes(.emerg))
        log.write(.emerg, "nobody hears this", now: 0)
    }

    @Test("a repeated message is held back, and the next says how many were")
    func once() throws {
        let memory = try MemoryLog()
        let log = ErrorLog([ErrorLog.Target(file: memory.log, level: .crit)])
        for second in [Int64(0), 10, 59, 60] {
            guard let keptBack = log.once(RateLimit.Key("full"), now: second) else { continue }
            var record = log.record(.crit, now: second)
            record.append("no space for the cache")
            record.append(keptBack: keptBack)
            log.write(record)
        }
        let lines = try memory.text.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasSuffix("no space for the cache"))
        #expect(lines[1].hasSuffix("no space for the cache (2 more like this were not logged)"))
    }

    @Test("levels are named as nginx names them")
    func names() {
        for level in LogLevel.allCases { #expect(LogLevel(name: level.description) == level) }
        #expect(LogLevel(name: "warning") == nil && LogLevel(name: "") == nil)
    }
}

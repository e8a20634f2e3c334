import Glibc

/// Reads HTTP/1 messages from a socket, for the client and for the scripted origin. It is strict about what it reads where
/// a lenient reader would hide a server's mistake: a cut body or a malformed chunk is an error.
final class HTTPStream {
    let descriptor: Descriptor
    private var buffer: [UInt8] = []
    private var start = 0
    private(set) var isAtEnd = false
    /// When the last bytes came.
    private(set) var lastArrival: ContinuousClock.Instant?

    init(_ descriptor: Descriptor) {
        self.descriptor = descriptor
    }

    private var available: Int { buffer.count - start }

    /// Whether bytes lie here that nobody has taken yet.
    var hasInput: Bool { available > 0 }

    /// Waits until there is a byte to take; false at the end.
    func peek(until deadline: Deadline) throws -> Bool {
        if available > 0 { return true }
        return try fill(until: deadline)
    }

    /// Whether the peer has ended its direction or the connection broke. Takes in what it still sent.
    var peerHasClosed: Bool {
        do {
            while descriptor.wait(for: POLLIN, until: .in(.zero)) {
                if try !fill(until: .in(.zero)) { return true }
            }
            return isAtEnd
        } catch {
            return true
        }
    }

    /// Gets more bytes; false at the end of the stream. Throws when the deadline passes.
    private func fill(until deadline: Deadline) throws -> Bool {
        if isAtEnd { return false }
        guard let bytes = try descriptor.receive(limit: 64 * 1024, until: deadline) else {
            throw HarnessError(
                "nothing came in time; unread so far: \(text(of: buffer[start...].prefix(400)).debugDescription)")
        }
        if bytes.isEmpty {
            isAtEnd = true
            return false
        }
        lastArrival = .now
        if start > 0 {
            buffer.removeSubrange(..<start)
            start = 0
        }
        buffer += bytes
        return true
    }

    private func take(_ count: Int) -> [UInt8] {
        defer { start += count }
        return Array(buffer[start..<start + count])
    }

    /// A line without its end (CRLF or LF); nil at an orderly end before its first byte.
    func line(until deadline: Deadline) throws -> String? {
        var scanned = start
        while true {
            if let end = buffer[scanned...].firstIndex(of: 0x0A) {
                var line = take(end - start + 1).dropLast()
                if line.last == 0x0D { line = line.dropLast() }
                return text(of: line)
            }
            let seen = available
            guard try fill(until: deadline) else {
                if available == 0 { return nil }
                throw HarnessError("the stream ended in mid-line: \(text(of: buffer[start...]).debugDescription)")
            }
            scanned = start + seen
        }
    }

    /// The first line and the fields of a message; nil at an orderly end before it.
    func head(until deadline: Deadline) throws -> (first: String, fields: FieldList)? {
        guard let first = try line(until: deadline) else { return nil }
        return (first, try fields(until: deadline))
    }

    func fields(until deadline: Deadline) throws -> FieldList {
        var fields = FieldList()
        while true {
            guard let line = try line(until: deadline) else { throw HarnessError("the stream ended inside a field section") }
            if line.isEmpty { return fields }
            guard let colon = line.firstIndex(of: ":") else { throw HarnessError("a field line without colon: \(line)") }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            fields.append(String(line[..<colon]), String(value))
        }
    }

    /// Exactly `count` bytes.
    func bytes(_ count: Int, until deadline: Deadline) throws -> [UInt8] {
        while available < count {
            guard try fill(until: deadline) else {
                throw HarnessError("the stream ended after \(available) of \(count) bytes")
            }
        }
        return take(count)
    }

    /// What has come already or comes next, at most `limit` bytes; empty at the end.
    func some(limit: Int, until deadline: Deadline) throws -> [UInt8] {
        if available == 0 { _ = try fill(until: deadline) }
        return take(min(limit, available))
    }

    /// Everything until the peer closes.
    func rest(until deadline: Deadline) throws -> [UInt8] {
        while try fill(until: deadline) {}
        return take(available)
    }

    /// A chunked body and its trailer section.
    func chunked(until deadline: Deadline) throws -> (body: [UInt8], trailers: FieldList) {
        var body: [UInt8] = []
        while true {
            guard let line = try line(until: deadline) else { throw HarnessError("the stream ended before the last chunk") }
            let digits = line.prefix { $0 != ";" && $0 != " " }
            guard let size = Int(digits, radix: 16) else {
                throw HarnessError("a malformed chunk size: \(line.debugDescription)")
            }
            if size == 0 { return (body, try fields(until: deadline)) }
            body += try bytes(size, until: deadline)
            guard try bytes(2, until: deadline) == [0x0D, 0x0A] else { throw HarnessError("no CRLF after a chunk") }
        }
    }

    private func text(of bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}

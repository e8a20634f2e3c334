import Bytes
import COpenSSL
import Platform

/// Writing: plain bytes become records, as few as can be, and all records of one call go out by one system call.
extension TLSSession {
    /// Sends up to four runs of bytes. `.done` counts the plain bytes whose records the socket has taken whole; the caller
    /// offers the rest again. With `more` a short run is held back, to share a record with what follows.
    public func send(
        _ a: Span<UInt8>, _ b: Span<UInt8> = Span(), _ c: Span<UInt8> = Span(), _ d: Span<UInt8> = Span(), more: Bool = false
    ) -> IOResult {
        let total = a.count + b.count + c.count + d.count
        if let blocked = clearTheWay() { return blocked }
        if more, withheld == 0, total <= TLSSession.longestHeld { return hold(a, b, c, d) }
        if total < withheld {
            withheld -= total
            return .done(total)
        }
        let before = withheld
        withheld = 0
        var place = before
        let end = min(total, before + TLSScratch.batch)
        beginBatch()
        if place < end, end - place + (held?.count ?? 0) <= recordSize { sendsAtOnce = true }
        while place < end || held != nil {
            let written: Int
            let room = recordSize - (held?.count ?? 0)
            let count = max(min(end - place, room), 0)
            if held == nil, place + count <= a.count {
                written = encrypt(a.extracting(place..<(place + count)))
            } else if held == nil, place >= a.count, place + count <= a.count + b.count {
                written = encrypt(b.extracting((place - a.count)..<(place - a.count + count)))
            } else {
                gather(a, b, c, d, from: place, count: count)
                let plain = scratch.plain
                written = encrypt(plain.bytes)
            }
            if written < 0 { break }
            place += count
            mark(place - before)
        }
        return finishBatch(before: before)
    }

    /// Sends a part of a file; `offset` moves on by what was sent. The file is read on the loop, as `sendfile` would do.
    public func sendFile(_ file: Int32, offset: inout Int, count: Int) -> IOResult {
        if let blocked = clearTheWay() { return blocked }
        if count < withheld {
            withheld -= count
            offset += count
            return .done(count)
        }
        let before = withheld
        withheld = 0
        let start = offset + before
        let wanted = min(count - before, TLSScratch.batch - (held?.count ?? 0))
        scratch.plain.clear()
        if let held { scratch.plain.append(held.bytes) }
        let fromHeld = scratch.plain.count
        if wanted > 0 {
            do throws(SystemError) {
                let count = try scratch.plain.fill { (span: inout MutableSpan<UInt8>) throws(SystemError) -> Int in
                    var part = span._mutatingExtracting(..<min(wanted, span.count))
                    return try File.read(file, into: &part, at: start)
                }
                if count == 0, before == 0 { return .closed }
            } catch {
                withheld = before
                return .failed(error)
            }
        }
        held = nil
        let plain = scratch.plain
        beginBatch()
        if plain.count <= recordSize { sendsAtOnce = true }
        var place = 0
        while place < plain.count {
            let next = min(place + recordSize, plain.count)
            if encrypt(plain.bytes(place..<next)) < 0 { break }
            place = next
            mark(max(place - fromHeld, 0))
        }
        let result = finishBatch(before: before)
        if case .done(let sent) = result { offset += sent }
        return result
    }

    /// Sends a few bytes that are not offered again: what the socket does not take stays here. `.done` always counts all.
    public func sendNotice(_ bytes: Span<UInt8>) -> IOResult {
        if let blocked = clearTheWay() { return blocked }
        // The caller owes bytes of an earlier call, which come first.
        if withheld > 0 { return .wouldBlock }
        if case .failed(let error) = hold(bytes, Span(), Span(), Span()) { return .failed(error) }
        switch flushHeld() {
        case .done, .wouldBlock: return .done(bytes.count)
        case let other: return other
        }
    }

    /// Sends what is still to be sent of earlier calls. `.done(0)`: all is out.
    public func flush() -> IOResult {
        if let error = socketError {
            scratch.clear()
            return .failed(error)
        }
        if let pending {
            // What was gathered since stands behind it.
            let output = scratch.output
            if !output.isEmpty {
                let kept = keep(output.bytes)
                output.clear()
                if !kept { return overrun() }
            }
            let waiting = self.pending ?? pending
            switch Socket.send(socket, waiting.bytes(pendingSent..<waiting.count)) {
            case .done(let count):
                pendingSent += count
                if pendingSent < waiting.count { return .wouldBlock }
                self.pending = nil
                pendingSent = 0
                return .done(0)
            case .wouldBlock: return .wouldBlock
            case .closed: return .closed
            case .failed(let error):
                socketError = error
                return .failed(error)
            }
        }
        if scratch.output.isEmpty { return .done(0) }
        let output = scratch.output
        defer { output.clear() }
        var sent = 0
        switch Socket.send(socket, output.bytes) {
        case .done(let count): sent = count
        case .wouldBlock: break
        case .closed: return .closed
        case .failed(let error):
            socketError = error
            return .failed(error)
        }
        if sent == output.count { return .done(0) }
        return keep(output.bytes(sent..<output.count)) ? .wouldBlock : overrun()
    }

    /// Tells the peer that nothing more comes (close_notify) and does not wait for its answer. The result says whether it
    /// is out; who cannot wait closes the socket all the same.
    public func shutdown() -> IOResult {
        if failure != nil || socketError != nil || !isEstablished { return .done(0) }
        scratch.clear()
        if held != nil { _ = flushHeld() }
        ErrorQueue.clear()
        unsafe _ = SSL_shutdown(ssl)
        ErrorQueue.clear()
        return flush()
    }

    /// Whether encrypted bytes wait for the socket.
    public var hasUnsent: Bool { pending != nil || held != nil }

    // MARK: Parts

    /// Short runs that `more` may hold back: heads of answers.
    static let longestHeld = 4096

    private var recordSize: Int { serverContext?.recordSize ?? 16384 }

    /// Nothing is encrypted while earlier bytes wait: what the caller has is the cheaper queue.
    private func clearTheWay() -> IOResult? {
        if let failure = outcomeOfFailure() { return failure }
        if pending == nil { return nil }
        switch flush() {
        case .done: return nil
        case let other: return other
        }
    }

    private func outcomeOfFailure() -> IOResult? {
        if let socketError { return .failed(socketError) }
        return failure == nil ? nil : .failed(.protocolError)
    }

    private func hold(_ a: Span<UInt8>, _ b: Span<UInt8>, _ c: Span<UInt8>, _ d: Span<UInt8>) -> IOResult {
        let total = a.count + b.count + c.count + d.count
        let before = held?.count ?? 0
        if before + total > TLSSession.longestHeld {
            switch flushHeld() {
            case .done: break
            case let other: return other
            }
        }
        let target = ByteBuffer(capacity: max((held?.count ?? 0) + total, 1))
        if let held { target.append(held.bytes) }
        each(a, b, c, d) { target.append($0) }
        held = target
        return .done(total)
    }

    private func each(
        _ a: Span<UInt8>, _ b: Span<UInt8>, _ c: Span<UInt8>, _ d: Span<UInt8>, _ body: (Span<UInt8>) -> Void
    ) {
        body(a)
        body(b)
        body(c)
        body(d)
    }

    /// Sends what was held back. What the socket does not take is `pending` then, and out of the caller's count.
    func flushHeld() -> IOResult {
        guard let held else { return .done(0) }
        self.held = nil
        beginBatch()
        let written = encrypt(held.bytes)
        sendsAtOnce = false
        if written < 0 {
            scratch.clear()
            return outcomeOfFailure() ?? .failed(.protocolError)
        }
        return flush()
    }

    private func beginBatch() {
        scratch.clear()
        scratch.marks.removeAll(keepingCapacity: true)
        sendsAtOnce = false
    }

    private func mark(_ plain: Int) { scratch.marks.append((plain, scratch.output.count)) }

    /// Encrypts one record's worth; -1 when the library refuses.
    private func encrypt(_ bytes: Span<UInt8>) -> Int {
        if bytes.count == 0 { return 0 }
        ErrorQueue.clear()
        var done = 0
        while done < bytes.count {
            var count = 0
            let rest = bytes.extracting(done..<bytes.count)
            // Sound: the library reads the span's bytes during the call only.
            let result = unsafe rest.withUnsafeBufferPointer { unsafe SSL_write_ex(ssl, $0.baseAddress, $0.count, &count) }
            guard result == 1, count > 0 else {
                if socketError == nil { failure = failure ?? describeFailure("writing failed") }
                return -1
            }
            done += count
        }
        return done
    }

    /// Puts what is held and `count` bytes of the four runs, from `place` on, behind each other.
    private func gather(
        _ a: Span<UInt8>, _ b: Span<UInt8>, _ c: Span<UInt8>, _ d: Span<UInt8>, from place: Int, count: Int
    ) {
        let plain = scratch.plain
        plain.clear()
        if let held { plain.append(held.bytes) }
        held = nil
        var skip = place
        var rest = count
        each(a, b, c, d) { run in
            if skip >= run.count {
                skip -= run.count
                return
            }
            let taken = min(rest, run.count - skip)
            if taken > 0 { plain.append(run.extracting(skip..<(skip + taken))) }
            rest -= taken
            skip = 0
        }
    }

    /// Sends the batch and counts what is out: `before` bytes that were encrypted earlier, and the records that the socket
    /// has taken whole.
    private func finishBatch(before: Int) -> IOResult {
        sendsAtOnce = false
        if let failed = outcomeOfFailure() {
            scratch.output.clear()
            return before > 0 ? .done(before) : failed
        }
        guard let last = scratch.marks.last else { return .done(before) }
        let wire = scratch.output.count
        if pending != nil {
            // A record that was sent at once and not taken whole.
            withheld = last.plain
            return before > 0 ? .done(before) : .wouldBlock
        }
        if wire == 0 { return .done(before + last.plain) }
        switch flush() {
        case .done: return .done(before + last.plain)
        case .wouldBlock:
            let left = pending?.count ?? 0
            let sent = wire - left
            var counted = 0
            for mark in scratch.marks where mark.wire <= sent { counted = mark.plain }
            withheld = last.plain - counted
            return before + counted > 0 ? .done(before + counted) : .wouldBlock
        case .closed: return .closed
        case .failed(let error): return before > 0 ? .done(before) : .failed(error)
        }
    }

    /// The peer lets protocol bytes pile up.
    private func overrun() -> IOResult {
        failure = failure ?? TLSFailure("the peer does not read what it asks for")
        return .failed(.protocolError)
    }
}

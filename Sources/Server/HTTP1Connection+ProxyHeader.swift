import Bytes
import EventLoops
import HTTP
import Observability
import Platform

/// The header of the PROXY protocol that stands before everything else on a connection (`listen … proxy_protocol`).
///
/// It is looked at before it is taken out of the socket: whatever comes behind it, a request or a handshake, is read by who
/// reads it anyway.
extension HTTP1Connection {
    private enum ProxyHeaderStep {
        case incomplete
        /// `isLast`: nothing has come behind it.
        case found(ProxyHeader, isLast: Bool)
        case over
    }

    /// Reads on in the header, and goes on with what is behind it.
    func readProxyHeader() {
        switch takeProxyHeader() {
        case .incomplete: break
        case .over: close()
        case .found(let header, let isLast):
            pipelined = nil
            if header.source != nil { origin = ConnectionOrigin(peer: peer, proxyHeader: header) }
            phase = hosts?.tls == nil ? .idle : .handshaking
            if isLast { return }
            if phase == .idle { readHead() } else { shakeHands() }
        }
    }

    private func takeProxyHeader() -> ProxyHeaderStep {
        // A block has the size of the longest header.
        let block = serving.heads.take()
        defer { serving.heads.give(block) }
        if let pipelined { block.append(pipelined.bytes) }
        let held = block.count
        var peeked = IOResult.wouldBlock
        _ = block.fill { span in
            peeked = Socket.peek(transport.rawValue, into: &span)
            if case .done(let count) = peeked { return count }
            return 0
        }
        switch peeked {
        case .wouldBlock: return .incomplete
        case .closed, .failed:
            if held == 0 {
                logProxyHeader(.info, "client closed connection")
            } else {
                logBrokenProxyHeader(block)
            }
            return .over
        case .done: break
        }
        do throws(ProxyHeaderFailure) {
            let header = try ProxyHeader.read(block.bytes)
            // While the header is not whole, everything that is here is part of it.
            let part = ByteBuffer(capacity: max((header?.length ?? block.count) - held, 1))
            guard case .done(let count) = transport.receive(into: part), count == part.capacity else { return .over }
            if let header { return .found(header, isLast: header.length == block.count) }
            let kept = ByteBuffer(capacity: block.count)
            kept.append(block.bytes)
            pipelined = kept
            return .incomplete
        } catch {
            if let words = error.words { logProxyHeader(.error, words) } else { logBrokenProxyHeader(block) }
            return .over
        }
    }

    /// `client_header_timeout` is over, and no header is here.
    func proxyHeaderTimedOut() {
        logProxyHeader(.info, "client timed out", .timedOut)
    }

    /// Shows the first line, as nginx does.
    private func logBrokenProxyHeader(_ block: ByteBuffer) {
        let bytes = block.bytes
        var end = 0
        while end < bytes.count, bytes[end] != ASCII.carriageReturn, bytes[end] != ASCII.lineFeed { end += 1 }
        guard var record = proxyHeaderRecord(.error) else { return }
        record.append("broken header: ")
        record.append(quoted: bytes.extracting(0..<end))
        finish(record)
    }

    private func logProxyHeader(_ level: LogLevel, _ words: String, _ error: SystemError? = nil) {
        guard var record = proxyHeaderRecord(level) else { return }
        record.append(words)
        if let error { record.append(error: error) }
        finish(record)
    }

    private var proxyHeaderLog: ErrorLog { hosts?.defaultServer.fallback.core.errorLog ?? serving.errorLog }

    private func proxyHeaderRecord(_ level: LogLevel) -> ErrorLog.Record? {
        let log = proxyHeaderLog
        return log.takes(level) ? log.record(level, now: loop.wallNow / 1000, connection: number) : nil
    }

    private func finish(_ record: consuming ErrorLog.Record) {
        record.append(" while reading PROXY protocol")
        record.append(client: Array(peer.host.utf8).span)
        record.append(server: Array(listenAddress.description.utf8).span)
        proxyHeaderLog.write(record)
    }
}

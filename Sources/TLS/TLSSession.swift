import Bytes
import COpenSSL
import Platform

/// TLS on one connection: a socket that does not wait, on one loop.
///
/// Its calls come to what those of a plain socket come to (`IOResult`), with the same meaning of their counts: what `send`
/// has not counted is offered again, from there, in the next call. Reading never waits for writing, nor the other way round.
/// The socket stays the caller's, who closes it after the session is gone.
@safe
public final class TLSSession {
    /// What a handshake came to.
    public enum Progress {
        case done
        /// Call again when the socket can be read.
        case wantsRead
        /// Call again when the socket can be written.
        case wantsWrite
        /// Call again when what the directory said `wait` for is there.
        case wantsDirectory
        /// The client speaks without TLS; what it sent is in `takePlainBytes`. Servers only.
        case plain
        /// The peer has gone.
        case closed
        case failed(TLSFailure)
    }

    // Sound: made in init, freed in deinit. The BIO inside points back at this object, which outlives it.
    let ssl: OpaquePointer
    let socket: Int32
    let scratch: TLSScratch
    /// The context that the handshake began with; nil on a client's side.
    let firstContext: TLSServerContext?
    /// The context of the server that the client asked for.
    private(set) var serverContext: TLSServerContext?
    private let clientContext: TLSClientContext?
    /// Asked during the handshake, and let go of then: it may be all that still holds a configuration.
    private(set) var directory: (any TLSDirectory)?

    /// Bytes that were read from the socket before TLS began, and how many of them the library has taken.
    private var early: [UInt8]
    private var earlyTaken = 0
    /// Encrypted bytes that the socket did not take.
    var pending: ByteBuffer?
    var pendingSent = 0
    /// Plain bytes that `send` took with `more` and that wait for what belongs to them.
    var held: ByteBuffer?
    /// Plain bytes that are encrypted but not counted yet: the caller offers them again, and they are not encrypted twice.
    var withheld = 0
    /// Reads that this turn may still make; 0 as soon as one came back short.
    private var readsLeft = 0
    private(set) var hasEnded = false
    var isEstablished = false
    var sendsAtOnce = false
    var socketError: SystemError?
    private var noted: String?
    private var outcome: IOResult?
    private var isPlain = false
    private var sawFirstByte = false
    /// Why the session failed, once it has.
    public internal(set) var failure: TLSFailure?
    /// There may be more to read without the socket becoming readable: call `receive` again before waiting for it.
    public private(set) var hasUnread = false
    /// A session that may be resumed later, as the upstream offered it. Clients only.
    var offered: TLSResumption?

    /// Protocol bytes that may wait for a peer that does not read: more ends the connection.
    private static let pendingLimit = 128 * 1024
    private static let readsPerTurn = 8

    /// The server's side of a connection. `early` are bytes already read from the socket (after a PROXY header).
    /// Throws when there is no memory.
    public init(
        server context: TLSServerContext, directory: (any TLSDirectory)? = nil, socket: Int32, scratch: TLSScratch,
        early: [UInt8] = []
    ) throws(TLSError) {
        guard let made = unsafe SSL_new(context.handle) else { throw TLSError.library("SSL_new() failed") }
        unsafe ssl = made
        self.socket = socket
        self.scratch = scratch
        self.directory = directory
        self.early = early
        firstContext = context
        serverContext = context
        clientContext = nil
        unsafe SSL_set_accept_state(made)
        try connect()
    }

    /// The client's side. `serverName` is sent to the server (SNI); `peerName` is what its certificate must be for.
    public init(
        client context: TLSClientContext, serverName: String?, peerName: String?, resuming: TLSResumption? = nil,
        socket: Int32, scratch: TLSScratch
    ) throws(TLSError) {
        guard let made = unsafe SSL_new(context.handle) else { throw TLSError.library("SSL_new() failed") }
        unsafe ssl = made
        self.socket = socket
        self.scratch = scratch
        directory = nil
        early = []
        firstContext = nil
        serverContext = nil
        clientContext = context
        sawFirstByte = true
        unsafe SSL_set_connect_state(made)
        try connect()
        try unsafe context.prepare(made, serverName: serverName, peerName: peerName, resuming: resuming)
    }

    deinit {
        // A connection that ends without close_notify, as most do, takes its session out of the cache: it is as good as before
        // unless the protocol itself failed.
        if failure == nil { unsafe SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN) }
        unsafe SSL_free(ssl)
    }

    private func connect() throws(TLSError) {
        guard let bio = unsafe SocketBIO.make(for: self) else { throw TLSError("no memory") }
        // One reference serves both directions.
        unsafe SSL_set_bio(ssl, bio, bio)
    }

    // MARK: Handshake

    /// Goes on with the handshake as far as the socket lets it.
    public func handshake() -> Progress {
        if let failure { return .failed(failure) }
        if isEstablished { return finishHandshake() }
        switch flush() {
        case .done: break
        case .wouldBlock: return .wantsWrite
        default: return .closed
        }
        // What was read before TLS began is all there is for now, mostly.
        readsLeft = early.isEmpty ? Self.readsPerTurn : 0
        scratch.clear()
        ErrorQueue.clear()
        let result = unsafe SSL_do_handshake(ssl)
        let reason = result == 1 ? SSL_ERROR_NONE : unsafe SSL_get_error(ssl, result)
        let sent = flush()
        if isPlain { return .plain }
        switch reason {
        case SSL_ERROR_NONE:
            isEstablished = true
            directory = nil
            return finishHandshake()
        case SSL_ERROR_WANT_READ:
            if case .failed = sent { return .closed }
            return pending == nil ? .wantsRead : .wantsWrite
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        case SSL_ERROR_WANT_X509_LOOKUP, SSL_ERROR_WANT_CLIENT_HELLO_CB: return .wantsDirectory
        default:
            if hasEnded || socketError != nil, noted == nil, !ErrorQueue.hasProtocolError { return .closed }
            let failure = describeFailure("the handshake failed")
            self.failure = failure
            return .failed(failure)
        }
    }

    /// The handshake counts as done when its last bytes are out: the peer waits for them.
    private func finishHandshake() -> Progress {
        switch flush() {
        case .done: return .done
        case .wouldBlock: return .wantsWrite
        default: return .closed
        }
    }

    /// What a client sent that does not speak TLS: its request, for the answer 400.
    public func takePlainBytes() -> [UInt8] {
        defer { early = [] }
        return early
    }

    /// Goes on as another server: its certificates, protocols, demands on the client.
    func move(to context: TLSServerContext) {
        guard context !== serverContext else { return }
        guard unsafe SSL_set_SSL_CTX(ssl, context.handle) != nil else { return }
        // What a connection copied from its first context is set again.
        unsafe SSL_set_verify(ssl, SSL_CTX_get_verify_mode(context.handle), SSL_CTX_get_verify_callback(context.handle))
        unsafe SSL_set_verify_depth(ssl, SSL_CTX_get_verify_depth(context.handle))
        let options = unsafe SSL_CTX_get_options(context.handle)
        unsafe SSL_clear_options(ssl, SSL_get_options(ssl) & ~options)
        unsafe SSL_set_options(ssl, options)
        unsafe _ = zs_set_min_version(ssl, zs_ctx_min_version(context.handle))
        unsafe _ = zs_set_max_version(ssl, zs_ctx_max_version(context.handle))
        if context.curves != serverContext?.curves, !context.curves.isEmpty, context.curves != "auto" {
            var text = Array(context.curves.utf8CString)
            unsafe text.withUnsafeMutableBufferPointer { unsafe _ = zs_set_groups(ssl, $0.baseAddress) }
        }
        serverContext = context
    }

    /// Remembers a reason that is clearer than the library's.
    func note(_ reason: String) { noted = reason }

    func takeNote() -> String? {
        defer { noted = nil }
        return noted
    }

    // MARK: Reading

    /// Reads into the free part of `buffer` until it is full or there is nothing more now. A count that leaves room means
    /// that the socket is drained, unless `hasUnread` says otherwise.
    public func receive(into buffer: ByteBuffer) -> IOResult {
        hasUnread = false
        if let outcome { return outcome }
        if buffer.room == 0 { return .wouldBlock }
        if held != nil { _ = flushHeld() }
        scratch.clear()
        readsLeft = Self.readsPerTurn
        var total = 0
        var last = SSL_ERROR_NONE
        while buffer.room > 0 {
            ErrorQueue.clear()
            let count = buffer.fill { span in
                var count = 0
                // Sound: the library writes at most as many bytes as the span has.
                let result = unsafe span.withUnsafeMutableBufferPointer {
                    unsafe SSL_read_ex(ssl, $0.baseAddress, $0.count, &count)
                }
                if result == 1 { return count }
                last = unsafe SSL_get_error(ssl, result)
                return 0
            }
            if count == 0 { break }
            total += count
        }
        if last != SSL_ERROR_NONE { outcome = judge(last) }
        // Answers of the protocol itself (an alert, a key update) are on their way out too.
        if pending != nil || !scratch.output.isEmpty { _ = flush() }
        if total == 0 { return outcome ?? .wouldBlock }
        let isCutShort = unsafe buffer.room == 0 && SSL_has_pending(ssl) == 1
        hasUnread = outcome != nil || isCutShort
        return .done(total)
    }

    /// What the library's word means for the reader; nil when there is only nothing to read.
    private func judge(_ reason: CInt) -> IOResult? {
        switch reason {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return nil
        case SSL_ERROR_ZERO_RETURN: return .closed
        default:
            if let socketError { return .failed(socketError) }
            if hasEnded, !ErrorQueue.hasProtocolError { return .closed }
            let failure = describeFailure("reading failed")
            self.failure = failure
            return .failed(.protocolError)
        }
    }

    /// Whether the peer has said that it sends no more (close_notify), as against a connection that was cut.
    public var receivedCloseNotify: Bool {
        unsafe SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 && !hasEnded
    }

    // MARK: What the library calls

    enum Fetched {
        case bytes(Int)
        case nothing, end, failed
    }

    /// Reads encrypted bytes.
    func fetch(into span: inout MutableSpan<UInt8>) -> Fetched {
        if earlyTaken < early.count {
            if !sawFirstByte, !accepts(firstByte: early[0]) { return .failed }
            let count = min(span.count, early.count - earlyTaken)
            for index in 0..<count { span[index] = early[earlyTaken + index] }
            earlyTaken += count
            if earlyTaken == early.count {
                early = []
                earlyTaken = 0
            }
            return .bytes(count)
        }
        if readsLeft <= 0 { return hasEnded ? .end : .nothing }
        let result = Socket.receive(socket, into: &span)
        switch result {
        case .done(let count):
            readsLeft = count < span.count ? 0 : readsLeft - 1
            if !sawFirstByte, !accepts(firstByte: span[0]) {
                early = []
                for index in 0..<count { early.append(span[index]) }
                return .failed
            }
            return .bytes(count)
        case .wouldBlock:
            readsLeft = 0
            return .nothing
        case .closed:
            readsLeft = 0
            hasEnded = true
            return .end
        case .failed(let error):
            socketError = error
            return .failed
        }
    }

    /// A handshake begins with a record of type 22, or in SSLv2's form with a set high bit; letters are HTTP's.
    private func accepts(firstByte: UInt8) -> Bool {
        sawFirstByte = true
        isPlain = firstByte != 0x16 && firstByte & 0x80 == 0
        return !isPlain
    }

    /// Takes encrypted bytes: to the socket at once where that is allowed and they are the first, else to the others of this
    /// call. False: a peer that does not read lets more pile up than is kept for it.
    func put(_ bytes: Span<UInt8>) -> Bool {
        if sendsAtOnce, pending == nil, scratch.output.isEmpty {
            switch Socket.send(socket, bytes) {
            case .done(let count): return count == bytes.count || keep(bytes.extracting(count..<bytes.count))
            case .wouldBlock: return keep(bytes)
            case .failed(let error):
                socketError = error
                return false
            case .closed: return false
            }
        }
        if pending == nil, scratch.output.room >= bytes.count {
            scratch.output.append(bytes)
            return true
        }
        let output = scratch.output
        let gathered = output.isEmpty || keep(output.bytes)
        output.clear()
        return gathered && keep(bytes)
    }

    /// Keeps encrypted bytes until the socket takes them.
    func keep(_ bytes: Span<UInt8>) -> Bool {
        if bytes.count == 0 { return true }
        if let pending, pendingSent > 0 {
            pending.removeFirst(pendingSent)
            pendingSent = 0
        }
        let held = pending.map { $0.count } ?? 0
        guard held + bytes.count <= Self.pendingLimit else { return false }
        if let pending, pending.room >= bytes.count {
            pending.append(bytes)
            return true
        }
        let larger = ByteBuffer(capacity: held + bytes.count)
        if let pending { larger.append(pending.bytes) }
        larger.append(bytes)
        pending = larger
        return true
    }
}

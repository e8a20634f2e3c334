import Bytes
import HTTP
import Platform

/// The body of a request, fed by the connection and read by the exchange.
///
/// Its framing is fixed with the head, before the pipeline runs; what is done with it (`mode`) is decided before its first
/// byte is stored: kept (in memory, then in a file), passed on as it comes, or thrown away.
public final class RequestBody {
    public enum Mode { case undecided, buffering, streaming, discarding }

    public private(set) var mode = Mode.undecided
    private var decoder = BodyDecoder.none
    /// The request announced a body.
    public private(set) var isPresent = false
    /// Every byte has come.
    public private(set) var isWhole = true
    /// The framing was broken, or the body is longer than `client_max_body_size`: the status to answer with.
    public private(set) var failure: RequestFailure?
    /// Body bytes received so far, framing taken off.
    public private(set) var received = 0
    /// The same with its framing, as far as somebody wanted it: `$request_length`.
    public private(set) var length = 0
    /// The body has been sent to an upstream in a way that cannot be repeated.
    public var isSpent = false
    /// Body bytes in memory, in order; in streaming mode what has not been taken yet.
    public private(set) var memory: [ByteBuffer] = []
    private var memoryCount = 0
    /// What has been passed on in streaming mode, as long as it is no longer than the buffer would be: `$request_body`.
    public private(set) var passed: [UInt8] = []
    private var keepsPassed = false
    /// The rest of a body that is longer than the buffer, or all of it.
    public private(set) var file: BodyFile?
    private var memoryLimit = 0
    private var sizeLimit = 0
    private var filesOnly = false
    private var keepsFile = false
    private var filePath = ""
    private static let chunk = 16384

    public init() {}

    public func reset() {
        mode = .undecided
        decoder = .none
        isPresent = false
        isWhole = true
        failure = nil
        received = 0
        length = 0
        isSpent = false
        if !memory.isEmpty { memory = [] }
        memoryCount = 0
        file = nil
        if !passed.isEmpty { passed = [] }
        keepsPassed = false
    }

    /// Fixes the framing, right after the head has been decoded.
    public func begin(_ head: RequestHead) {
        decoder = BodyDecoder(for: head)
        isPresent = head.isChunked || (head.contentLength ?? 0) > 0
        isWhole = decoder.isComplete
        mode = .undecided
    }

    /// A context without a client: no body.
    public func beginEmpty() { reset() }

    /// Keeps the body, whole, before anybody reads it. `plan` gives the bounds.
    public func buffer(_ plan: LocationPlan, prefix: String) {
        guard mode == .undecided else { return }
        mode = .buffering
        setLimits(plan, prefix)
    }

    /// Passes the body on as it comes. At most two buffers wait in memory.
    public func stream(_ plan: LocationPlan, prefix: String) {
        guard mode == .undecided else { return }
        mode = .streaming
        keepsPassed = true
        setLimits(plan, prefix)
    }

    private func setLimits(_ plan: LocationPlan, _ prefix: String) {
        memoryLimit = plan.core.clientBodyBufferSize
        sizeLimit = plan.core.clientMaxBodySize
        filesOnly = plan.core.clientBodyInFileOnly != .off
        keepsFile = plan.core.clientBodyInFileOnly == .on
        // Without a body no path is needed, except for the file that `client_body_in_file_only` makes all the same.
        guard isPresent || filesOnly else { return }
        let path = plan.core.clientBodyTempPath
        filePath = path.hasPrefix("/") ? path : prefix + path
    }

    /// Throws away what comes from now on, and what is there.
    public func discard() {
        if mode != .discarding {
            mode = .discarding
            memory = []
            memoryCount = 0
            file = nil
        }
    }

    /// Nobody gets it: broken, or too long. What answers in its place is asked without a body.
    public func drop() {
        discard()
        isPresent = false
    }

    /// The length that was announced; nil: chunked.
    public var announcedLength: Int? {
        if case .length(let left) = decoder { return left + received }
        return isPresent ? nil : 0
    }

    /// Whether the connection should read more of the body now.
    public var wantsBytes: Bool {
        if isWhole || failure != nil { return false }
        switch mode {
        case .undecided: return false
        case .buffering, .discarding: return true
        case .streaming: return memoryCount < max(memoryLimit, RequestBody.chunk)
        }
    }

    /// The whole body is here and may be sent as often as needed.
    public var isReplayable: Bool { !isPresent || (mode == .buffering && isWhole && failure == nil) }

    /// Whether the bytes stand in memory in one piece (`$request_body`).
    public var isInMemory: Bool { file == nil }

    /// The name of the file the body was written to, when it has one.
    public var fileName: String? { file?.path }

    /// Takes body bytes out of `input`, beginning at `start`; returns how many bytes were the body's (framing included).
    public func feed(_ input: ByteBuffer, from start: Int) -> Int {
        var offset = start
        do throws(RequestFailure) {
            loop: while !isWhole {
                switch try decoder.next(input.bytes, at: &offset) {
                case .data(let range): try keep(input.bytes(range))
                case .needMore: break loop
                case .end: isWhole = true
                }
            }
            if decoder.isComplete { isWhole = true }
            if isWhole, mode == .buffering { try finishFile() }
        } catch {
            failure = error
        }
        if mode != .discarding { length += offset - start }
        return offset - start
    }

    private func keep(_ bytes: Span<UInt8>) throws(RequestFailure) {
        received += bytes.count
        if mode == .discarding { return }
        if sizeLimit > 0, received > sizeLimit {
            throw RequestFailure(413, "client intended to send too large body (longer than client_max_body_size)")
        }
        if mode == .buffering, file != nil || filesOnly || memoryCount + bytes.count > memoryLimit {
            try spill()
            return try write(bytes)
        }
        appendToMemory(bytes)
    }

    private func appendToMemory(_ bytes: Span<UInt8>) {
        var offset = 0
        while offset < bytes.count {
            if memory.last.map({ $0.room == 0 }) ?? true {
                memory.append(ByteBuffer(capacity: RequestBody.blockSize(for: bytes.count - offset, atMost: memoryLimit)))
            }
            guard let block = memory.last else { return }
            let count = min(block.room, bytes.count - offset)
            block.append(bytes.extracting(offset..<offset + count))
            offset += count
        }
        memoryCount += bytes.count
    }

    private static func blockSize(for count: Int, atMost limit: Int) -> Int {
        max(1024, min(max(count, 4096), max(limit, chunk)))
    }

    /// Moves what stands in memory into a file, in order; from here on everything goes there.
    private func spill() throws(RequestFailure) {
        if file != nil { return }
        do throws(SystemError) {
            file = try BodyFile(directory: filePath, pieces: 16384)
            file?.isKept = keepsFile
        } catch {
            throw RequestFailure(500, "client_body_temp_path cannot be written")
        }
        for block in memory { try write(block.bytes) }
        memory = []
        memoryCount = 0
    }

    /// The body is whole: its file, if it has one, is to be read.
    private func finishFile() throws(RequestFailure) {
        if filesOnly, file == nil { try spill() }
        guard let file else { return }
        do throws(SystemError) {
            try file.flush()
        } catch {
            throw RequestFailure(500, "client_body_temp_path: the body cannot be written")
        }
    }

    private func write(_ bytes: Span<UInt8>) throws(RequestFailure) {
        guard let file else { return }
        do throws(SystemError) {
            try file.append(bytes)
        } catch {
            throw RequestFailure(500, "client_body_temp_path: the body cannot be written")
        }
    }

    /// From here on the connection is a tunnel: what the client sends is passed on until it ends.
    public func beginTunnel() {
        decoder = .untilClose
        isPresent = true
        isWhole = false
        mode = .streaming
        keepsPassed = false
        passed = []
        memoryLimit = RequestBody.chunk
        sizeLimit = 0
    }

    /// Takes what has come in streaming mode.
    public func takeStreamed() -> [ByteBuffer] {
        let taken = memory
        memory = []
        memoryCount = 0
        for block in taken where keepsPassed {
            keepsPassed = passed.count + block.count <= memoryLimit
            if keepsPassed { passed.append(block.bytes) } else { passed = [] }
        }
        return taken
    }

    /// The client has gone: the body will never be whole.
    public func breakOff() {
        if !isWhole, failure == nil { failure = RequestFailure(400, "client closed the connection within the request body") }
    }
}

import Bytes
import EventLoops
import HTTP
import Platform

/// Sends one request to an upstream: the head, written anew from parsed fields, then the body from memory, from its file, or
/// as it comes.
struct RequestSender: ~Copyable {
    enum Result {
        /// This many bytes went out; look at `isDone` and `needsBody`.
        case progress(Int)
        case failed(SystemError)
        case bodyFailed(RequestFailure)
    }

    /// Control bytes and what follows from memory: the head, chunk framing, blocks taken from a streaming body. Its memory is
    /// the context's, until all is sent.
    private var pending = ByteString()
    private var holdsScratch = false
    private var pendingOffset = 0
    private var memoryIndex = 0
    private var memoryOffset = 0
    private var fileOffset = 0
    private var endsWithLastChunk = false
    /// The method that was sent (HEAD may become GET for the cache).
    private(set) var method = Method.get
    private(set) var asksForUpgrade = false
    /// Any byte was handed to the kernel.
    private(set) var hasSent = false
    private(set) var isDone = false
    /// All that has come of a streaming body is sent; more is to come.
    private(set) var needsBody = false
    private(set) var isTunnelBlocked = false

    /// Begins at the first byte, for each attempt anew.
    mutating func begin(_ context: RequestContext, _ plan: ProxyPlan, _ validators: CacheValidators?) {
        if !holdsScratch { pending = context.takeScratch() }
        holdsScratch = true
        pending.clear()
        pendingOffset = 0
        memoryIndex = 0
        memoryOffset = 0
        fileOffset = 0
        isDone = false
        hasSent = false
        needsBody = false
        endsWithLastChunk = false
        let written = RequestRewriting.appendHead(context, plan, validators, to: &pending)
        method = written.method
        asksForUpgrade = written.asksForUpgrade
        endsWithLastChunk = written.isChunked
        sendsBody = written.sendsBody
        // What has come of the body by now goes out with the head.
        if sendsBody, context.body.mode == .streaming, !context.body.memory.isEmpty { _ = refill(context) }
    }

    private var sendsBody = false

    /// Sends as much as the socket takes.
    mutating func pump(_ connection: UpstreamConnection, _ context: RequestContext) -> Result {
        var total = 0
        needsBody = false
        while true {
            switch step(connection, context) {
            case .sent(let count):
                total += count
                hasSent = hasSent || count > 0
            case .blocked, .finished, .starving: return .progress(total)
            case .failed(let error): return .failed(error)
            case .bodyFailed(let failure): return .bodyFailed(failure)
            }
        }
    }

    private enum Step {
        case sent(Int)
        case blocked
        /// Waits for more of the body.
        case starving
        case finished
        case failed(SystemError)
        case bodyFailed(RequestFailure)
    }

    private mutating func step(_ connection: UpstreamConnection, _ context: RequestContext) -> Step {
        if isDone { return .finished }
        if pendingOffset < pending.count || isMemoryLeft(context) { return sendMemory(connection, context) }
        guard sendsBody else { return finish(context) }
        if let failure = context.body.failure { return .bodyFailed(failure) }
        if context.body.mode == .streaming { return refill(context) }
        if let file = context.body.file, fileOffset < file.count {
            return sendFile(connection, file)
        }
        return finish(context)
    }

    private func isMemoryLeft(_ context: RequestContext) -> Bool {
        sendsBody && context.body.mode == .buffering && context.body.file == nil && memoryIndex < context.body.memory.count
    }

    /// Head and the first block of a buffered body go out together.
    private mutating func sendMemory(_ connection: UpstreamConnection, _ context: RequestContext) -> Step {
        switch sendPending(connection, context) {
        case .done(let count):
            account(count, context)
            return .sent(count)
        case .wouldBlock: return .blocked
        case .closed: return .failed(.brokenPipe)
        case .failed(let error): return .failed(error)
        }
    }

    private func sendPending(_ connection: UpstreamConnection, _ context: RequestContext) -> IOResult {
        let control = pending.span.extracting(pendingOffset..<pending.count)
        if isMemoryLeft(context) {
            let block = context.body.memory[memoryIndex]
            return connection.transport.send(control, block.bytes(memoryOffset..<block.count))
        }
        let more = sendsBody && context.body.mode == .buffering && context.body.file != nil
        return connection.transport.send(control, more: more)
    }

    private mutating func account(_ count: Int, _ context: RequestContext) {
        var left = count
        let control = min(left, pending.count - pendingOffset)
        pendingOffset += control
        left -= control
        if pendingOffset == pending.count {
            pending.clear()
            pendingOffset = 0
        }
        guard left > 0, memoryIndex < context.body.memory.count else { return }
        memoryOffset += left
        if memoryOffset == context.body.memory[memoryIndex].count {
            memoryIndex += 1
            memoryOffset = 0
        }
    }

    private mutating func sendFile(_ connection: UpstreamConnection, _ file: BodyFile) -> Step {
        let before = fileOffset
        switch connection.transport.sendFile(file.descriptor.rawValue, offset: &fileOffset, count: file.count - fileOffset) {
        case .done: return .sent(fileOffset - before)
        case .wouldBlock: return .blocked
        case .closed: return .failed(.inputOutput)
        case .failed(let error): return .failed(error)
        }
    }

    /// Takes what has come of a streaming body.
    private mutating func refill(_ context: RequestContext) -> Step {
        let blocks = context.body.takeStreamed()
        if !blocks.isEmpty {
            context.body.isSpent = true
            // It is gone from here: as good as sent.
            hasSent = true
            var size = 0
            for block in blocks { size += block.count }
            if endsWithLastChunk { ResponseEncoder.appendChunkSize(size, to: &pending) }
            for block in blocks { pending.append(block.bytes) }
            if endsWithLastChunk { pending.append(literal: ResponseEncoder.chunkEnd) }
            return .sent(0)
        }
        if context.body.isWhole { return finish(context) }
        needsBody = true
        return .starving
    }

    private mutating func finish(_ context: RequestContext) -> Step {
        if endsWithLastChunk, sendsBody {
            endsWithLastChunk = false
            pending.append(literal: ResponseEncoder.lastChunk)
            return .sent(0)
        }
        isDone = true
        if holdsScratch { context.giveScratch(&pending) }
        holdsScratch = false
        return .finished
    }

    /// One turn of a tunnel's direction to the upstream. False: it is broken, or the client has ended.
    mutating func pumpTunnel(_ connection: UpstreamConnection, _ context: RequestContext) -> Bool {
        isTunnelBlocked = false
        while true {
            if pendingOffset == pending.count {
                pending.clear()
                pendingOffset = 0
                for block in context.body.takeStreamed() { pending.append(block.bytes) }
                if pending.isEmpty { return context.body.failure == nil }
            }
            switch connection.transport.send(pending.span.extracting(pendingOffset..<pending.count)) {
            case .done(let count): pendingOffset += count
            case .wouldBlock:
                isTunnelBlocked = true
                return true
            case .closed, .failed: return false
            }
        }
    }
}

/// What a cached response is revalidated by.
public struct CacheValidators {
    public var etag: [UInt8] = []
    public var lastModified: [UInt8] = []

    public init() {}
}

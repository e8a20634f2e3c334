import Bytes
import HTTP
import Platform

/// Frames one response for HTTP/1.1 and sends it: the head with the first bytes of the body, then the rest of the outbox.
final class ResponseWriter {
    enum Progress {
        /// The outbox has nothing for now.
        case waiting
        /// The socket takes no more.
        case blocked
        /// `limit_rate`: go on after this many milliseconds.
        case paced(Int64)
        case complete
        /// The response or the connection is broken.
        case broken
    }

    /// What a first attempt left over.
    struct Rest {
        var isComplete = false
        var content = Content.empty
        var failure: SystemError?
    }

    private unowned var connection: HTTP1Connection
    private(set) var context: RequestContext
    private var framing = ResponseHeadEncoding.Framing.untilClose
    private(set) var closesConnection = false
    /// Head and chunk framing that have not been sent.
    private var control: ByteBuffer
    private var controlOffset = 0
    /// Nothing is left of it, and if it is the loop's block, its bytes are somebody else's.
    private var isControlEmpty = false
    private var isChunked = false
    private var chunkLeft = 0
    private var endAnnounced = false
    private var hasBody = true
    /// The socket takes nothing; `unblock` says that it does again.
    private(set) var isBlocked = false
    private var bodySent = 0
    private var bodyExpected: Int?
    private var pacedSince: Int64 = -1

    init(connection: HTTP1Connection, _ context: RequestContext) {
        self.connection = connection
        self.context = context
        control = context.serving.output
    }

    /// As made anew, for another answer.
    func begin(_ connection: HTTP1Connection, _ context: RequestContext) {
        self.connection = connection
        self.context = context
        framing = .untilClose
        closesConnection = false
        if control !== context.serving.output { control = context.serving.output }
        controlOffset = 0
        isControlEmpty = false
        isChunked = false
        chunkLeft = 0
        endAnnounced = false
        hasBody = true
        isBlocked = false
        bodySent = 0
        bodyExpected = nil
        pacedSince = -1
    }

    // MARK: The head

    /// Runs the header filters, chooses the framing and writes the head.
    ///
    /// - Returns: false when a filter refuses the response and something else is to be sent in its place.
    func settleHead() -> Bool {
        // Once, and handed on: each look at a stored reference counts it up and down.
        let context = context
        let plan = context.plan
        settleDelay(plan)
        if context.response.isPrepared, let prepared = context.response.prepared {
            takeHead(prepared, context)
            return true
        }
        carryFields(context)
        plan.filterHead(context)
        if context.filterRefusal != 0 { return false }
        chooseFraming(context, plan)
        let persistence = choosePersistence(context, plan)
        let bound = ResponseHeadEncoding.bound(context)
        let output = context.serving.output
        let control = bound <= output.capacity ? output : ByteBuffer(capacity: bound)
        self.control = control
        control.clear()
        if context.head.version != .http09 {
            ResponseHeadEncoding.append(context, framing, persistence, to: control)
        }
        context.headBytesSent = control.count
        if context.response.prepared != nil, !closesConnection, bodyExpected != nil {
            context.keepPreparedHead(control.bytes)
        }
        return true
    }

    /// The head of an earlier answer serves again.
    private func takeHead(_ prepared: PreparedHead, _ context: RequestContext) {
        let length = context.response.content.count
        context.response.contentLength = length
        framing = .length(length)
        bodyExpected = length
        let control = context.serving.output
        self.control = control
        control.clear()
        let bytes = prepared.bytes
        control.append(bytes.span)
        context.headBytesSent = control.count
    }

    /// `tcp_nodelay`: small segments go out at once unless the location says otherwise; changed only where it changes.
    private func settleDelay(_ plan: LocationPlan) {
        let delays = !plan.core.tcpNodelay
        let connection = connection
        guard delays != connection.delaysSegments else { return }
        connection.delaysSegments = delays
        Socket.setNoDelay(connection.transport.rawValue, !delays)
    }

    /// X-Accel-Redirect: what the app said of the answer that another location gives.
    private func carryFields(_ context: RequestContext) {
        if !context.carriedType.isEmpty {
            let type = context.carriedType
            context.response.contentType.set(type.span)
        }
        if !context.carriedLocation.isEmpty, context.response.location.isEmpty, !context.response.fields.contains(.location) {
            context.response.location.append(copying: context.carriedLocation)
        }
        if context.carriedFields.isEmpty { return }
        let carried = context.carriedFields
        for slot in carried.slots {
            context.response.fields.append(interned: slot.name, spelledAs: carried.spelling(slot), carried.value(slot))
        }
    }

    private func chooseFraming(_ context: RequestContext, _ plan: LocationPlan) {
        let status = context.response.status
        let isHead = context.head.method == .head
        if status == 204 || status == 304 || (status < 200 && status != 101) {
            framing = .none
            hasBody = false
        } else if status == 101 {
            framing = .none
        } else if let length = context.response.contentLength, context.response.bodyFilters.isEmpty {
            framing = .length(length)
            bodyExpected = length
        } else if context.head.version == .http11, plan.core.usesChunkedCoding {
            framing = .chunked
            isChunked = true
        } else {
            framing = .untilClose
        }
        if isHead {
            hasBody = false
            // As nginx: where the length is not known nothing is said of a body that is not sent.
            if isChunked { framing = .none }
            isChunked = false
        }
        context.response.isChunked = isChunked
        if !hasBody {
            bodyExpected = nil
            context.response.content = .empty
        }
    }

    private func choosePersistence(_ context: RequestContext, _ plan: LocationPlan) -> ResponseHeadEncoding.Persistence {
        if context.response.status == 101 {
            closesConnection = true
            return .upgrade
        }
        var closes = context.endsConnection
        if case .untilClose = framing, hasBody { closes = true }
        closesConnection = closes
        context.response.closesConnection = closes
        return closes ? .close : .keepAlive(header: plan.core.keepaliveHeader)
    }

    /// Whether the client takes the end of the connection for the end of the body.
    var endsByClosing: Bool { !isChunked && bodyExpected == nil }

    /// Whether the response has to go through an outbox.
    var mustStream: Bool {
        if !hasBody { return false }
        if !context.response.bodyFilters.isEmpty || isChunked { return true }
        if case .pieces = context.response.content { return true }
        return Pacing.applies(context)
    }

    func attachFilters(to exchange: Exchange) {
        guard hasBody, !context.response.bodyFilters.isEmpty else { return }
        for filter in context.response.bodyFilters { exchange.outbox.addFilter(filter) }
    }

    /// The loop's output block is only borrowed, between the head and the first attempt to send it and during an attempt: what
    /// was not sent is copied.
    private func keepControl() {
        let control = control
        guard control === context.serving.output else { return }
        let rest = control.count - controlOffset
        if rest > 0 {
            let own = ByteBuffer(capacity: rest + 64)
            own.append(control.bytes(controlOffset..<control.count))
            self.control = own
        } else {
            // Others write into it from now on.
            isControlEmpty = true
        }
        controlOffset = 0
    }

    // MARK: At once

    /// One system call for head and body where that is possible.
    func sendAtOnce() -> Rest {
        let control = control
        switch context.response.content {
        case .empty: return afterSend(connection.transport.send(control.bytes), .empty, 0)
        case .memory(let bytes, let range):
            let body = bytes.bytes
            let result = connection.transport.send(control.bytes, body.extracting(range))
            return afterSend(result, context.response.content, range.count)
        case .file(let file, let range): return sendFileAtOnce(file, range)
        case .pieces: return Rest(content: context.response.content)
        }
    }

    /// Whether a body of this length may be sent by `sendAtOnce(_:)`: as it is, in one piece, at any pace.
    func takesWhole(_ count: Int) -> Bool {
        let context = context
        return hasBody && !isChunked && bodyExpected == count && controlOffset == 0 && !isBlocked
            && context.response.bodyFilters.isEmpty && !Pacing.applies(context)
    }

    /// Sends the head and the whole body by one system call: how much of the body is out, which is all of it or less; nil when
    /// the connection is broken.
    func sendAtOnce(_ body: Span<UInt8>) -> Int? {
        let control = control
        switch connection.transport.send(control.bytes, body) {
        case .done(let count):
            context.bytesSent += count
            controlOffset = min(count, control.count)
            bodySent = count - controlOffset
            return bodySent
        case .wouldBlock: return 0
        case .closed, .failed: return nil
        }
    }

    /// A small file is read behind its head and sent with it; a larger one follows by sendfile.
    private func sendFileAtOnce(_ file: SharedDescriptor, _ range: Range<Int>) -> Rest {
        let plan = context.plan
        let control = control
        // What is encrypted is read here and not by the kernel: a file that was cut off meanwhile would end the process.
        if let mapping = context.response.mapping, range.upperBound <= mapping.count, !connection.transport.isEncrypted {
            let result = connection.transport.send(control.bytes, mapping.bytesForTheKernel(range))
            return afterSend(result, context.response.content, range.count)
        }
        if range.count <= ResponseWriter.readLimit, range.count <= control.room {
            let headCount = control.count
            guard readFile(file, range) else { return Rest(failure: .inputOutput) }
            let result = connection.transport.send(control.bytes)
            control.truncate(to: headCount)
            return afterSend(result, context.response.content, range.count)
        }
        if !plan.core.usesSendfile { return Rest(content: context.response.content) }
        // The head waits for the first bytes of the file: a segment of its own costs more (decisions/0007).
        let head = connection.transport.send(control.bytes, more: true)
        let rest = afterSend(head, context.response.content, range.count)
        guard rest.failure == nil, controlOffset == control.count else { return rest }
        var offset = range.lowerBound
        let chunk = plan.core.sendfileMaxChunk
        let count = min(range.count, chunk > 0 ? chunk : range.count)
        let result = connection.transport.sendFile(file.rawValue, offset: &offset, count: count)
        let sent = offset - range.lowerBound
        context.bytesSent += sent
        bodySent += sent
        if case .failed(let error) = result { return Rest(failure: error) }
        if case .closed = result { return Rest(failure: .inputOutput) }
        if offset == range.upperBound { return Rest(isComplete: true) }
        return Rest(content: .file(file, offset..<range.upperBound))
    }

    /// Files up to this size are read and sent with their head; measured against sendfile (docs/decisions).
    private static let readLimit = 16384

    private func readFile(_ file: SharedDescriptor, _ range: Range<Int>) -> Bool {
        var position = range.lowerBound
        while position < range.upperBound {
            let left = range.upperBound - position
            let count = control.fill { span in
                var part = span._mutatingExtracting(first: left)
                return (try? File.read(file.rawValue, into: &part, at: position)) ?? 0
            }
            if count == 0 { return false }
            position += count
        }
        return true
    }

    private func afterSend(_ result: IOResult, _ content: Content, _ bodyCount: Int) -> Rest {
        switch result {
        case .done(let count):
            context.bytesSent += count
            let head = min(count, control.count - controlOffset)
            controlOffset += head
            let body = count - head
            bodySent += body
            if controlOffset == control.count, body == bodyCount { return Rest(isComplete: true) }
            return Rest(content: content.dropping(body))
        case .wouldBlock: return Rest(content: content)
        case .closed: return Rest(failure: .brokenPipe)
        case .failed(let error): return Rest(failure: error)
        }
    }

    // MARK: From the outbox

    /// The socket is writable again.
    func unblock() { isBlocked = false }

    /// Sends what the outbox has, until the socket or the outbox says stop.
    func drain(_ outbox: Outbox) -> Progress {
        if isControlEmpty {
            control.clear()
            controlOffset = 0
            isControlEmpty = false
        }
        let progress = send(outbox)
        keepControl()
        return progress
    }

    private func send(_ outbox: Outbox) -> Progress {
        isBlocked = false
        while true {
            let allowance = Pacing.allowance(context, sent: bodySent, since: &pacedSince)
            if allowance == 0 { return .paced(Pacing.delay(context, sent: bodySent, since: pacedSince)) }
            switch outbox.front() {
            case .memory:
                if !hasBody {
                    outbox.consume(outbox.piece.count)
                    continue
                }
                if let stop = sendMemory(outbox, allowance) { return stop }
            case .file:
                if !hasBody {
                    outbox.consume(outbox.pieceCount)
                    continue
                }
                if let stop = sendFile(outbox, allowance) { return stop }
            case .wait: return flushControl() ?? .waiting
            case .failed:
                _ = flushControl()
                return .broken
            case .end: return finish()
            }
        }
    }

    private func finish() -> Progress {
        if let bodyExpected, bodySent < bodyExpected { return .broken }
        if isChunked, !endAnnounced {
            makeRoom(8)
            control.append(literal: ResponseEncoder.lastChunk)
            endAnnounced = true
        }
        return flushControl() ?? .complete
    }

    private func makeRoom(_ count: Int) {
        let control = control
        if controlOffset == control.count {
            control.clear()
            controlOffset = 0
        }
        if control.room >= count { return }
        let larger = ByteBuffer(capacity: control.count - controlOffset + max(count, 256))
        larger.append(control.bytes(controlOffset..<control.count))
        self.control = larger
        controlOffset = 0
    }

    /// nil: nothing is left of it.
    private func flushControl() -> Progress? {
        let control = control
        while controlOffset < control.count {
            switch connection.transport.send(control.bytes(controlOffset..<control.count)) {
            case .done(let count):
                controlOffset += count
                context.bytesSent += count
            case .wouldBlock:
                isBlocked = true
                return .blocked
            case .closed, .failed: return .broken
            }
        }
        return nil
    }

    private func sendMemory(_ outbox: Outbox, _ allowance: Int) -> Progress? {
        let piece = outbox.piece
        var count = min(piece.count, allowance)
        if let bodyExpected { count = min(count, bodyExpected - bodySent) }
        if count <= 0 {
            // More than was announced: the surplus is dropped.
            outbox.consume(piece.count)
            return nil
        }
        if isChunked {
            if chunkLeft == 0 { announceChunk(count) }
            count = min(count, chunkLeft)
        }
        let endsChunk = isChunked && count == chunkLeft
        let isLast = endsChunk && count == piece.count && outbox.frontIsLast
        let suffix: StaticString = endsChunk ? (isLast ? ResponseEncoder.chunkEndAndLastChunk : ResponseEncoder.chunkEnd) : ""
        let control = self.control
        let head = control.bytes(controlOffset..<control.count)
        let bytes = piece.bytes
        let body = bytes.extracting(first: count)
        let result: IOResult
        if endsChunk {
            let tail = context.serving.literal(suffix)
            result = connection.transport.send(head, body, tail.bytes)
        } else {
            result = connection.transport.send(head, body)
        }
        return account(result, outbox, count, suffix, isLast)
    }

    private func account(_ result: IOResult, _ outbox: Outbox, _ count: Int, _ suffix: StaticString, _ isLast: Bool)
        -> Progress?
    {
        switch result {
        case .done(let sent):
            context.bytesSent += sent
            let fromControl = min(sent, control.count - controlOffset)
            controlOffset += fromControl
            let fromBody = min(sent - fromControl, count)
            outbox.consume(fromBody)
            bodySent += fromBody
            if isChunked { chunkLeft -= fromBody }
            let length = suffix.utf8CodeUnitCount
            let fromSuffix = sent - fromControl - fromBody
            if fromBody == count, length > 0 {
                endAnnounced = isLast
                if fromSuffix < length {
                    makeRoom(length)
                    let tail = context.serving.literal(suffix)
                    control.append(tail.bytes.extracting(fromSuffix..<length))
                }
            }
            if fromBody == count, fromSuffix == length { return nil }
            isBlocked = true
            return .blocked
        case .wouldBlock:
            isBlocked = true
            return .blocked
        case .closed, .failed: return .broken
        }
    }

    private func announceChunk(_ count: Int) {
        makeRoom(ResponseEncoder.longestChunkSize)
        ResponseEncoder.appendChunkSize(count, to: control)
        chunkLeft = count
    }

    private func sendFile(_ outbox: Outbox, _ allowance: Int) -> Progress? {
        guard let file = outbox.pieceFile else { return .broken }
        let core = context.plan.core
        var count = min(outbox.pieceCount, allowance)
        if let bodyExpected { count = min(count, bodyExpected - bodySent) }
        if count <= 0 {
            outbox.consume(outbox.pieceCount)
            return nil
        }
        if isChunked {
            if chunkLeft == 0 { announceChunk(count) }
            count = min(count, chunkLeft)
        }
        if let stop = flushControl() { return stop }
        if core.sendfileMaxChunk > 0 { count = min(count, core.sendfileMaxChunk) }
        var offset = outbox.pieceOffset
        let result =
            core.usesSendfile
            ? connection.transport.sendFile(file.rawValue, offset: &offset, count: count)
            : copyFile(file, &offset, count)
        let sent = offset - outbox.pieceOffset
        context.bytesSent += sent
        bodySent += sent
        outbox.consume(sent)
        if isChunked, sent > 0 {
            chunkLeft -= sent
            if chunkLeft == 0 {
                makeRoom(8)
                control.append(literal: ResponseEncoder.chunkEnd)
            }
        }
        switch result {
        case .done: return nil
        case .wouldBlock:
            isBlocked = true
            return .blocked
        case .closed, .failed: return .broken
        }
    }

    /// `sendfile off`: through memory.
    private func copyFile(_ file: SharedDescriptor, _ offset: inout Int, _ count: Int) -> IOResult {
        let block = context.serving.blocks.take()
        defer { context.serving.blocks.give(block) }
        let wanted = min(count, block.capacity)
        let position = offset
        let read = block.fill { span in
            var part = span._mutatingExtracting(first: wanted)
            return (try? File.read(file.rawValue, into: &part, at: position)) ?? 0
        }
        if read == 0 { return .closed }
        let result = connection.transport.send(block.bytes)
        if case .done(let sent) = result { offset += sent }
        return result
    }
}

extension Content {
    /// What is left when `count` bytes are taken off the front.
    func dropping(_ count: Int) -> Content {
        switch self {
        case .empty, .pieces: return self
        case .memory(let bytes, let range): return .memory(bytes, (range.lowerBound + count)..<range.upperBound)
        case .file(let file, let range): return .file(file, (range.lowerBound + count)..<range.upperBound)
        }
    }
}

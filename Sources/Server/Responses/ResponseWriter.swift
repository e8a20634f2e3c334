import Bytes
import HTTP
import Platform

/// Frames one response for HTTP/1.1 and sends it: the head with the first bytes of the body, then the rest of the outbox.
///
/// Each context has one and uses it for answer after answer. It is told each time whose answer it is and on which connection:
/// a stored reference would be counted up and down at every look.
struct ResponseWriter: ~Copyable {
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

    private var framing = ResponseHeadEncoding.Framing.untilClose
    private(set) var closesConnection = false
    /// Head and chunk framing that have not been sent, where they could not stay in the loop's output block.
    private var ownControl: ByteBuffer?
    private var controlOffset = 0
    /// Nothing is left of it, and if it is the loop's block, its bytes are somebody else's.
    private var isControlEmpty = false
    private var isChunked = false
    private var chunkLeft = 0
    private var endAnnounced = false
    private var hasBody = true
    private var bodySent = 0
    private var bodyExpected: Int?
    private var pacedSince: Int64 = -1

    /// As made anew, for another answer.
    private mutating func reset() {
        framing = .untilClose
        closesConnection = false
        if ownControl != nil { ownControl = nil }
        controlOffset = 0
        isControlEmpty = false
        isChunked = false
        chunkLeft = 0
        endAnnounced = false
        hasBody = true
        bodySent = 0
        bodyExpected = nil
        pacedSince = -1
    }

    // MARK: The head

    /// Runs the header filters, chooses the framing and writes the head.
    ///
    /// - Returns: false when a filter refuses the response and something else is to be sent in its place.
    mutating func settleHead(_ connection: HTTP1Connection, _ context: RequestContext) -> Bool {
        reset()
        return settleHead(connection, context, context.plan)
    }

    private mutating func settleHead(_ connection: HTTP1Connection, _ context: RequestContext, _ plan: LocationPlan) -> Bool {
        settleDelay(connection, plan)
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
        if bound <= context.output.capacity {
            writeHead(persistence, context, to: context.output)
        } else {
            let own = ByteBuffer(capacity: bound)
            ownControl = own
            writeHead(persistence, context, to: own)
        }
        return true
    }

    private func writeHead(_ persistence: ResponseHeadEncoding.Persistence, _ context: RequestContext, to control: ByteBuffer) {
        control.clear()
        if context.head.version != .http09 {
            ResponseHeadEncoding.append(context, framing, persistence, to: control)
        }
        context.headBytesSent = control.count
        // One that the loop's block has no room for cannot be sent out of it again.
        if context.response.prepared != nil, !closesConnection, bodyExpected != nil, control.count <= context.output.capacity {
            context.keepPreparedHead(control.bytes)
        }
    }

    /// The head of an earlier answer serves again.
    private mutating func takeHead(_ prepared: PreparedHead, _ context: RequestContext) {
        let length = context.response.content.count
        context.response.contentLength = length
        framing = .length(length)
        bodyExpected = length
        let control = context.output
        control.clear()
        let bytes = prepared.bytes
        control.append(bytes.span)
        context.headBytesSent = control.count
    }

    /// `tcp_nodelay`: small segments go out at once unless the location says otherwise; changed only where it changes.
    private func settleDelay(_ connection: HTTP1Connection, _ plan: LocationPlan) {
        let delays = !plan.core.tcpNodelay
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

    private mutating func chooseFraming(_ context: RequestContext, _ plan: LocationPlan) {
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

    private mutating func choosePersistence(_ context: RequestContext, _ plan: LocationPlan) -> ResponseHeadEncoding.Persistence
    {
        if context.response.status == 101 {
            closesConnection = true
            return .upgrade
        }
        var closes = context.endsConnection(by: plan)
        if case .untilClose = framing, hasBody { closes = true }
        closesConnection = closes
        context.response.closesConnection = closes
        return closes ? .close : .keepAlive(header: plan.core.keepaliveHeader)
    }

    /// Whether the client takes the end of the connection for the end of the body.
    var endsByClosing: Bool { !isChunked && bodyExpected == nil }

    /// Whether the response has to go through an outbox.
    func mustStream(_ context: RequestContext) -> Bool {
        if !hasBody { return false }
        if !context.response.bodyFilters.isEmpty || isChunked { return true }
        if case .pieces = context.response.content { return true }
        return Pacing.applies(context)
    }

    func attachFilters(to exchange: Exchange) {
        guard hasBody, !exchange.context.response.bodyFilters.isEmpty else { return }
        for filter in exchange.context.response.bodyFilters { exchange.outbox.addFilter(filter) }
    }

    /// The loop's output block is only borrowed, between the head and the first attempt to send it and during an attempt: what
    /// was not sent is copied.
    private mutating func keepControl(_ context: RequestContext) {
        if ownControl != nil { return }
        let control = context.output
        let rest = control.count - controlOffset
        if rest > 0 {
            let own = ByteBuffer(capacity: rest + 64)
            own.append(control.bytes(controlOffset..<control.count))
            ownControl = own
        } else {
            // Others write into it from now on.
            isControlEmpty = true
        }
        controlOffset = 0
    }

    // MARK: At once

    /// One system call for head and body where that is possible.
    mutating func sendAtOnce(_ connection: HTTP1Connection, _ context: RequestContext) -> Rest {
        if let own = ownControl { return sendAtOnce(own, connection, context) }
        return sendAtOnce(context.output, connection, context)
    }

    private mutating func sendAtOnce(_ control: ByteBuffer, _ connection: HTTP1Connection, _ context: RequestContext) -> Rest {
        switch context.response.content {
        case .empty: return afterSend(connection.transport.send(control.bytes), .empty, 0, control, context)
        case .memory(let bytes, let range):
            let body = bytes.bytes
            let result = connection.transport.send(control.bytes, body.extracting(range))
            return afterSend(result, context.response.content, range.count, control, context)
        case .file(let file, let range): return sendFileAtOnce(file, range, control, connection, context)
        case .pieces: return Rest(content: context.response.content)
        }
    }

    /// Whether a body of this length may be sent by `sendAtOnce(_:)`: as it is, in one piece, at any pace.
    func takesWhole(_ count: Int, _ context: RequestContext) -> Bool {
        hasBody && !isChunked && bodyExpected == count && controlOffset == 0
            && context.response.bodyFilters.isEmpty && !Pacing.applies(context)
    }

    /// Sends the head and the whole body by one system call: how much of the body is out, which is all of it or less; nil when
    /// the connection is broken.
    mutating func sendAtOnce(_ body: Span<UInt8>, _ connection: HTTP1Connection, _ context: RequestContext) -> Int? {
        if let own = ownControl { return send(own, body, connection, context) }
        return send(context.output, body, connection, context)
    }

    private mutating func send(
        _ control: ByteBuffer, _ body: Span<UInt8>, _ connection: HTTP1Connection, _ context: RequestContext
    ) -> Int? {
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
    private mutating func sendFileAtOnce(
        _ file: SharedDescriptor, _ range: Range<Int>, _ control: ByteBuffer, _ connection: HTTP1Connection,
        _ context: RequestContext
    ) -> Rest {
        // What is encrypted is read here and not by the kernel: a file that was cut off meanwhile would end the process.
        if let mapping = context.response.mapping, range.upperBound <= mapping.count, !connection.transport.isEncrypted {
            let result = connection.transport.send(control.bytes, mapping.bytesForTheKernel(range))
            return afterSend(result, context.response.content, range.count, control, context)
        }
        if range.count <= ResponseWriter.readLimit, range.count <= control.room {
            let headCount = control.count
            guard readFile(file, range, into: control) else { return Rest(failure: .inputOutput) }
            let result = connection.transport.send(control.bytes)
            control.truncate(to: headCount)
            return afterSend(result, context.response.content, range.count, control, context)
        }
        let plan = context.plan
        if !plan.core.usesSendfile { return Rest(content: context.response.content) }
        // The head waits for the first bytes of the file: a segment of its own costs more (decisions/0007).
        let head = connection.transport.send(control.bytes, more: true)
        let rest = afterSend(head, context.response.content, range.count, control, context)
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

    private func readFile(_ file: SharedDescriptor, _ range: Range<Int>, into control: ByteBuffer) -> Bool {
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

    private mutating func afterSend(
        _ result: IOResult, _ content: Content, _ bodyCount: Int, _ control: ByteBuffer, _ context: RequestContext
    ) -> Rest {
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

    /// Sends what the outbox has, until the socket or the outbox says stop.
    mutating func drain(_ outbox: Outbox, _ connection: HTTP1Connection, _ context: RequestContext) -> Progress {
        if isControlEmpty {
            control(context).clear()
            controlOffset = 0
            isControlEmpty = false
        }
        let progress = send(outbox, connection, context)
        keepControl(context)
        return progress
    }

    /// Where head and chunk framing stand.
    private func control(_ context: RequestContext) -> ByteBuffer { ownControl ?? context.output }

    private mutating func send(_ outbox: Outbox, _ connection: HTTP1Connection, _ context: RequestContext) -> Progress {
        while true {
            let allowance = Pacing.allowance(context, sent: bodySent, since: &pacedSince)
            if allowance == 0 { return .paced(Pacing.delay(context, sent: bodySent, since: pacedSince)) }
            switch outbox.front() {
            case .memory:
                if !hasBody {
                    outbox.consume(outbox.piece.count)
                    continue
                }
                if let stop = sendMemory(outbox, allowance, connection, context) { return stop }
            case .file:
                if !hasBody {
                    outbox.consume(outbox.pieceCount)
                    continue
                }
                if let stop = sendFile(outbox, allowance, connection, context) { return stop }
            case .wait: return flushControl(connection, context) ?? .waiting
            case .failed:
                _ = flushControl(connection, context)
                return .broken
            case .end: return finish(connection, context)
            }
        }
    }

    private mutating func finish(_ connection: HTTP1Connection, _ context: RequestContext) -> Progress {
        if let bodyExpected, bodySent < bodyExpected { return .broken }
        if isChunked, !endAnnounced {
            makeRoom(8, context)
            control(context).append(literal: ResponseEncoder.lastChunk)
            endAnnounced = true
        }
        return flushControl(connection, context) ?? .complete
    }

    private mutating func makeRoom(_ count: Int, _ context: RequestContext) {
        let control = control(context)
        if controlOffset == control.count {
            control.clear()
            controlOffset = 0
        }
        if control.room >= count { return }
        let larger = ByteBuffer(capacity: control.count - controlOffset + max(count, 256))
        larger.append(control.bytes(controlOffset..<control.count))
        ownControl = larger
        controlOffset = 0
    }

    /// nil: nothing is left of it.
    private mutating func flushControl(_ connection: HTTP1Connection, _ context: RequestContext) -> Progress? {
        let control = control(context)
        while controlOffset < control.count {
            switch connection.transport.send(control.bytes(controlOffset..<control.count)) {
            case .done(let count):
                controlOffset += count
                context.bytesSent += count
            case .wouldBlock:
                return .blocked
            case .closed, .failed: return .broken
            }
        }
        return nil
    }

    private mutating func sendMemory(
        _ outbox: Outbox, _ allowance: Int, _ connection: HTTP1Connection, _ context: RequestContext
    ) -> Progress? {
        let piece = outbox.piece
        var count = min(piece.count, allowance)
        if let bodyExpected { count = min(count, bodyExpected - bodySent) }
        if count <= 0 {
            // More than was announced: the surplus is dropped.
            outbox.consume(piece.count)
            return nil
        }
        if isChunked {
            if chunkLeft == 0 { announceChunk(count, context) }
            count = min(count, chunkLeft)
        }
        let endsChunk = isChunked && count == chunkLeft
        let isLast = endsChunk && count == piece.count && outbox.frontIsLast
        let suffix: StaticString = endsChunk ? (isLast ? ResponseEncoder.chunkEndAndLastChunk : ResponseEncoder.chunkEnd) : ""
        let control = control(context)
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
        return account(result, outbox, count, suffix, isLast, context)
    }

    private mutating func account(
        _ result: IOResult, _ outbox: Outbox, _ count: Int, _ suffix: StaticString, _ isLast: Bool, _ context: RequestContext
    ) -> Progress? {
        switch result {
        case .done(let sent):
            context.bytesSent += sent
            let fromControl = min(sent, control(context).count - controlOffset)
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
                    makeRoom(length, context)
                    let tail = context.serving.literal(suffix)
                    control(context).append(tail.bytes.extracting(fromSuffix..<length))
                }
            }
            if fromBody == count, fromSuffix == length { return nil }
            return .blocked
        case .wouldBlock:
            return .blocked
        case .closed, .failed: return .broken
        }
    }

    private mutating func announceChunk(_ count: Int, _ context: RequestContext) {
        makeRoom(ResponseEncoder.longestChunkSize, context)
        ResponseEncoder.appendChunkSize(count, to: control(context))
        chunkLeft = count
    }

    private mutating func sendFile(
        _ outbox: Outbox, _ allowance: Int, _ connection: HTTP1Connection, _ context: RequestContext
    ) -> Progress? {
        guard let file = outbox.pieceFile else { return .broken }
        let core = context.plan.core
        var count = min(outbox.pieceCount, allowance)
        if let bodyExpected { count = min(count, bodyExpected - bodySent) }
        if count <= 0 {
            outbox.consume(outbox.pieceCount)
            return nil
        }
        if isChunked {
            if chunkLeft == 0 { announceChunk(count, context) }
            count = min(count, chunkLeft)
        }
        if let stop = flushControl(connection, context) { return stop }
        if core.sendfileMaxChunk > 0 { count = min(count, core.sendfileMaxChunk) }
        var offset = outbox.pieceOffset
        let result =
            core.usesSendfile
            ? connection.transport.sendFile(file.rawValue, offset: &offset, count: count)
            : copyFile(file, &offset, count, connection, context)
        let sent = offset - outbox.pieceOffset
        context.bytesSent += sent
        bodySent += sent
        outbox.consume(sent)
        if isChunked, sent > 0 {
            chunkLeft -= sent
            if chunkLeft == 0 {
                makeRoom(8, context)
                control(context).append(literal: ResponseEncoder.chunkEnd)
            }
        }
        switch result {
        case .done: return nil
        case .wouldBlock:
            return .blocked
        case .closed, .failed: return .broken
        }
    }

    /// `sendfile off`: through memory.
    private func copyFile(
        _ file: SharedDescriptor, _ offset: inout Int, _ count: Int, _ connection: HTTP1Connection, _ context: RequestContext
    ) -> IOResult {
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

import Bytes
import HTTP

/// How a request's body is read: what came with its head, then from the socket, while somebody wants it.
extension HTTP1Connection {
    /// The exchange wants the body (again): takes what came with the head, then reads.
    public func bodyWanted() {
        guard let context, exchange != nil else { return }
        if context.body.wantsBytes { feedFromHead(context) }
        if context.body.wantsBytes {
            sendContinue(context)
            if deadline != .body, deadline != .send { setDeadline(.body, after: context.plan.core.clientBodyTimeout) }
        } else if deadline == .body {
            clearDeadline()
        }
        listen(for: interest)
    }

    func feedFromHead(_ context: RequestContext) {
        let buffer = context.head.buffer
        let start = context.head.end + bodyBytesInHead
        if start < buffer.count { bodyBytesInHead += context.body.feed(buffer, from: start) }
    }

    func sendContinue(_ context: RequestContext) {
        guard context.head.expectsContinue, !context.hasSentContinue else { return }
        context.hasSentContinue = true
        let start = context.head.end + bodyBytesInHead
        if start < context.head.buffer.count { return }
        // Short enough for an empty send buffer; if it does not go out whole, the connection is of no use.
        let output = serving.output
        output.clear()
        output.append(literal: ResponseEncoder.continueResponse)
        _ = transport.sendNotice(output.bytes)
    }

    func readBody() {
        guard let context, let exchange, context.body.wantsBytes else { return listen(for: interest) }
        let block = serving.blocks.take()
        switch transport.receive(into: block) {
        case .done(let count):
            let used = context.body.feed(block, from: 0)
            if used < count { keepPipelined(block, from: used) }
            progressed(context)
            serving.blocks.give(block)
            exchange.wake(.body)
        case .wouldBlock: serving.blocks.give(block)
        case .closed, .failed:
            serving.blocks.give(block)
            context.body.breakOff()
            leave(exchange, context)
        }
        if phase == .exchanging { listen(for: interest) }
    }

    func progressed(_ context: RequestContext) {
        guard deadline == .body else { return }
        if context.body.wantsBytes {
            setDeadline(.body, after: context.plan.core.clientBodyTimeout)
        } else {
            clearDeadline()
        }
    }

    func keepPipelined(_ block: ByteBuffer, from start: Int) {
        let copy = ByteBuffer(capacity: max(serving.heads.blockSize, block.count - start))
        copy.append(block.bytes(start..<block.count))
        pipelined = copy
    }
}
